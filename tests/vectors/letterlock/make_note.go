// Writes note.json and checkpoint.json with Go's ed25519 and golang.org/x/mod/sumdb/note, which know nothing
// of our code; with --check it only compares. Run in this folder:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run make_note.go
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

type key struct {
	name string
	kind byte
	priv ed25519.PrivateKey
}

func newKey(name string, kind byte) key {
	seed := sha256.Sum256([]byte("letterlock test key " + name))
	return key{name, kind, ed25519.NewKeyFromSeed(seed[:])}
}

func (k key) encoded() []byte { return append([]byte{k.kind}, k.priv.Public().(ed25519.PublicKey)...) }

func (k key) Name() string { return k.name }

func (k key) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(k.name+"\n"), k.encoded()...))
	return binary.BigEndian.Uint32(sum[:])
}

func (k key) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(k.priv, msg), nil }

func (k key) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.KeyHash(), base64.StdEncoding.EncodeToString(k.encoded()))
}

// cosigner is a witness at one moment.
type cosigner struct {
	key
	time uint64
}

func (c cosigner) Sign(msg []byte) ([]byte, error) {
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, msg)
	out := binary.BigEndian.AppendUint64(nil, c.time)
	return append(out, ed25519.Sign(c.priv, []byte(signed))...), nil
}

func sign(text string, signers ...note.Signer) string {
	out, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		log.Fatal(err)
	}
	return string(out)
}

// lines returns the signature lines of a note.
func lines(n string) string { return n[strings.LastIndex(n, "\n\n")+2:] }

type signature struct {
	Key       int     `json:"key"`
	Timestamp *uint64 `json:"timestamp,omitempty"`
}

type noteCase struct {
	Name       string      `json:"name"`
	Keys       []string    `json:"keys"`
	Note       string      `json:"note"`
	Text       string      `json:"text,omitempty"`
	Signatures []signature `json:"signatures,omitempty"`
}

func at(k int, t uint64) signature { return signature{k, &t} }
func by(k int) signature           { return signature{k, nil} }

var (
	logKey   = newKey("log.example/main", 1)
	other    = newKey("log.example/other", 1)
	witness  = newKey("witness.example/w1", 4)
	witness2 = newKey("wïtness.example/w2", 4)
	long     = newKey("n.example/"+strings.Repeat("x", 200), 1)
)

func noteCases() []noteCase {
	text := "one line\n"
	blank := "first\n\nthird, after an empty one\n\n\n"
	specVkey := "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	specNote := "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	first, again := cosigner{witness, 1679315147}, cosigner{witness, 1679315200}
	many := sign(text, logKey)
	for i := 0; i < 99; i++ {
		many += lines(sign(text, newKey(fmt.Sprint("unknown", i), 1)))
	}
	return []noteCase{
		{"the specification's example", []string{specVkey}, specNote, "This is an example message.\n", []signature{by(0)}},
		{"one signature", []string{logKey.vkey()}, sign(text, logKey), text, []signature{by(0)}},
		{"empty lines in the text", []string{logKey.vkey()}, sign(blank, logKey), blank, []signature{by(0)}},
		{"a text of one empty line", []string{logKey.vkey()}, sign("\n", logKey), "\n", []signature{by(0)}},
		{"text beyond ASCII", []string{logKey.vkey()}, sign("ed è subito sera 漢字 🙂\n", logKey), "ed è subito sera 漢字 🙂\n", []signature{by(0)}},
		{"an unknown signature is ignored", []string{logKey.vkey()}, sign(text, other, logKey, witness), text, []signature{by(0)}},
		{"an unknown signature that is wrong is ignored", []string{logKey.vkey()}, sign(text, logKey) + lines(sign("else\n", other)), text, []signature{by(0)}},
		{"two known keys", []string{logKey.vkey(), other.vkey()}, sign(text, other, logKey), text, []signature{by(1), by(0)}},
		{"log and witness", []string{logKey.vkey(), witness.vkey()}, sign(text, logKey, first), text, []signature{by(0), at(1, 1679315147)}},
		{"a name beyond ASCII", []string{witness2.vkey()}, sign(text, cosigner{witness2, 5}), text, []signature{at(0, 5)}},
		{"a witness that signed twice", []string{witness.vkey()}, sign(text, first) + lines(sign(text, again)), text, []signature{at(0, 1679315147), at(0, 1679315200)}},
		{"the same line twice counts once", []string{witness.vkey()}, sign(text, first) + lines(sign(text, first)), text, []signature{at(0, 1679315147)}},
		{"the greatest timestamp", []string{witness.vkey()}, sign(text, cosigner{witness, 1<<63 - 1}), text, []signature{at(0, 1<<63-1)}},
		{"a long name", []string{long.vkey()}, sign(text, long), text, []signature{by(0)}},
		{"100 signature lines", []string{logKey.vkey()}, many, text, []signature{by(0)}},
	}
}

func refusedNotes() []noteCase {
	text := "one line\n"
	good := sign(text, logKey)
	line := lines(good)
	keys := []string{logKey.vkey()}
	wrong := strings.Replace(sign("else\n", logKey), "else", "one line", 1)
	b64 := line[strings.LastIndex(line, " ")+1 : len(line)-1]
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	short, _ := base64.StdEncoding.DecodeString(b64)
	tooMany := good
	for i := 0; i < 100; i++ {
		tooMany += lines(sign(text, newKey(fmt.Sprint("unknown", i), 1)))
	}
	return []noteCase{
		{Name: "no known key", Keys: []string{other.vkey()}, Note: good},
		{Name: "no keys at all", Keys: []string{}, Note: good},
		{Name: "a known key that signed something else", Keys: keys, Note: wrong},
		{Name: "a known key that signed twice, once wrongly", Keys: keys, Note: good + lines(wrong)},
		{Name: "a witness's wrong signature beside the log's good one", Keys: []string{logKey.vkey(), witness.vkey()},
			Note: good + lines(sign("else\n", cosigner{witness, 7}))},
		{Name: "a cosignature key that signed as a log", Keys: []string{witness.vkey()}, Note: sign(text, witness)},
		{Name: "a timestamp above 2^63 - 1", Keys: []string{witness.vkey()}, Note: sign(text, cosigner{witness, 1 << 63})},
		{Name: "an Ed25519 signature cut short", Keys: keys, Note: swap(b64, base64.StdEncoding.EncodeToString(short[:67]))},
		{Name: "an Ed25519 signature with a byte more", Keys: keys, Note: swap(b64, base64.StdEncoding.EncodeToString(append(short, 0)))},
		{Name: "nothing after the key id", Keys: keys, Note: good + "— x AAAAAA==\n"},
		{Name: "an empty signature", Keys: keys, Note: good + "— x \n"},
		{Name: "no signature lines", Keys: keys, Note: "one line\n\n"},
		{Name: "no empty line", Keys: keys, Note: "one line\n" + line},
		{Name: "no newline at the end", Keys: keys, Note: good[:len(good)-1]},
		{Name: "two spaces", Keys: keys, Note: swap("— ", "—  ")},
		{Name: "a hyphen for the dash", Keys: keys, Note: swap("— ", "- ")},
		{Name: "a space behind the signature", Keys: keys, Note: swap(b64, b64+" ")},
		{Name: "base64 without padding", Keys: keys, Note: swap(b64, strings.TrimRight(b64, "="))},
		{Name: "a plus in a name", Keys: keys, Note: good + strings.Replace(line, "log.", "log+", 1)},
		{Name: "a Unicode space in a name", Keys: keys, Note: good + strings.Replace(line, "log.", "log\u00a0", 1)},
		{Name: "a line separator in a name", Keys: keys, Note: good + strings.Replace(line, "log.", "log\u2028", 1)},
		{Name: "no name", Keys: keys, Note: good + "—  " + b64 + "\n"},
		{Name: "a tab in the text", Keys: keys, Note: sign("one\tline\n", logKey)},
		{Name: "a carriage return in the text", Keys: keys, Note: sign("one line\r\n", logKey)},
		{Name: "a zero byte in the text", Keys: keys, Note: sign("one\x00line\n", logKey)},
		{Name: "an empty note", Keys: keys, Note: ""},
		{Name: "101 signature lines", Keys: keys, Note: tooMany},
		{Name: "two known keys of one name and id", Keys: []string{logKey.vkey(), logKey.vkey()}, Note: good},
	}
}

func vkeyCases() map[string][]map[string]string {
	v := logKey.vkey()
	parts := strings.Split(v, "+")
	small := append([]byte{1}, make([]byte, 32)...)
	small[1] = 1 // the neutral element
	smallSum := sha256.Sum256(append([]byte("x\n"), small...))
	upper := strings.ToUpper(parts[1])
	refused := map[string]string{
		"empty":                "",
		"no key":               parts[0] + "+" + parts[1],
		"no name":              strings.TrimPrefix(v, parts[0]),
		"another name":         "x" + v,
		"another id":           parts[0] + "+00000000+" + strings.Join(parts[2:], "+"),
		"an id in upper case":  parts[0] + "+" + upper + "+" + strings.Join(parts[2:], "+"),
		"a short id":           parts[0] + "+" + parts[1][1:] + "+" + strings.Join(parts[2:], "+"),
		"a space":              " " + v,
		"a space behind":       v + " ",
		"an unknown type":      newKey("x", 2).vkey(),
		"a type of the future": newKey("x", 6).vkey(),
		"a key of 31 bytes":    shortKey(),
		"a key of small order": fmt.Sprintf("x+%x+%s", smallSum[:4], base64.StdEncoding.EncodeToString(small)),
		"no type and key":      parts[0] + "+" + parts[1] + "+",
	}
	out := map[string][]map[string]string{}
	for _, k := range []key{logKey, other, witness, witness2, long} {
		out["accepted"] = append(out["accepted"], map[string]string{"vkey": k.vkey(), "name": k.name, "type": fmt.Sprint(k.kind)})
	}
	for _, name := range sorted(refused) {
		out["refused"] = append(out["refused"], map[string]string{"name": name, "vkey": refused[name]})
	}
	return out
}

func shortKey() string {
	encoded := logKey.encoded()[:32]
	sum := sha256.Sum256(append([]byte("x\n"), encoded...))
	return fmt.Sprintf("x+%x+%s", sum[:4], base64.StdEncoding.EncodeToString(encoded))
}

func sorted(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	for i := range names {
		for j := 0; j < i; j++ {
			if names[i] < names[j] {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	return names
}

type checkpointCase struct {
	Name         string              `json:"name"`
	Logs         []string            `json:"logs"`
	Witnesses    []string            `json:"witnesses"`
	Note         string              `json:"note"`
	Origin       string              `json:"origin,omitempty"`
	Size         uint64              `json:"size,omitempty"`
	Root         string              `json:"root,omitempty"`
	Cosignatures []map[string]uint64 `json:"cosignatures,omitempty"`
}

func body(origin string, size string, root []byte) string {
	return origin + "\n" + size + "\n" + base64.StdEncoding.EncodeToString(root) + "\n"
}

func checkpointCases() (good, refused []checkpointCase) {
	root := sha256.Sum256([]byte("a root"))
	empty := sha256.Sum256(nil)
	logs, witnesses := []string{logKey.vkey()}, []string{witness.vkey(), witness2.vkey()}
	w1, w2 := cosigner{witness, 1700000000}, cosigner{witness2, 1700000100}
	name := logKey.name
	text := body(name, "109482", root[:])
	ok := func(title, text string, size uint64, root []byte, cos []map[string]uint64, signers ...note.Signer) {
		good = append(good, checkpointCase{title, logs, witnesses, sign(text, signers...), name, size,
			fmt.Sprintf("%x", root), cos})
	}
	ok("signed by the log", text, 109482, root[:], nil, logKey)
	ok("the empty tree", body(name, "0", empty[:]), 0, empty[:], nil, logKey)
	ok("the greatest size", body(name, "18446744073709551615", root[:]), 1<<64-1, root[:], nil, logKey)
	ok("with cosignatures", text, 109482, root[:], []map[string]uint64{
		{"witness": 0, "timestamp": w1.time}, {"witness": 1, "timestamp": w2.time}}, logKey, w1, w2)
	ok("with an unknown witness", text, 109482, root[:], nil, logKey, cosigner{newKey("unknown", 4), 5})

	no := func(title, text string, signers ...note.Signer) {
		refused = append(refused, checkpointCase{Name: title, Logs: logs, Witnesses: witnesses, Note: sign(text, signers...)})
	}
	no("another log's origin", body(other.name, "109482", root[:]), logKey)
	no("another log's signature", text, other)
	no("witnesses alone", text, w1, w2)
	no("an extension line", text+"extension\n", logKey)
	no("an empty extension line", text+"\n", logKey)
	no("a leading zero", body(name, "0109482", root[:]), logKey)
	no("a sign", body(name, "+109482", root[:]), logKey)
	no("a negative size", body(name, "-1", root[:]), logKey)
	no("a size above 64 bits", body(name, "18446744073709551616", root[:]), logKey)
	no("an empty size", body(name, "", root[:]), logKey)
	no("a size in hexadecimal", body(name, "0x10", root[:]), logKey)
	no("a space behind the size", body(name, "109482 ", root[:]), logKey)
	no("a root of 31 bytes", body(name, "109482", root[:31]), logKey)
	no("a root of 33 bytes", body(name, "109482", append(root[:], 0)), logKey)
	no("no root", body(name, "109482", nil), logKey)
	no("a root that is not base64", name+"\n109482\n???\n", logKey)
	no("two lines", name+"\n109482\n", logKey)
	no("no origin", body("", "109482", root[:]), logKey)
	no("the empty tree with another root", body(name, "0", root[:]), logKey)
	return
}

// put writes a file of the folder, or with --check compares it.
func put(name string, value any, check bool) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
	if !check {
		if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
		return
	}
	if there, err := os.ReadFile(name); err != nil || !bytes.Equal(there, text.Bytes()) {
		log.Fatal("not what the generator makes: ", name)
	}
}

func main() {
	check := len(os.Args) > 1 && os.Args[1] == "--check"
	put("note.json", map[string]any{"section": "Log leaves: signed-note", "notes": noteCases(),
		"refused": refusedNotes(), "vkeys": vkeyCases()}, check)
	good, refused := checkpointCases()
	put("checkpoint.json", map[string]any{"section": "Log leaves: tlog-checkpoint", "checkpoints": good, "refused": refused}, check)
}
