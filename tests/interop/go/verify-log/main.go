// verify-log DIR VKEY checks a log directory (checkpoint and tile/...) with golang.org/x/mod's sumdb packages,
// which know nothing of Letterlock: the checkpoint's signature, every tile, every entry, and inclusion and
// consistency proofs made from the tiles. Exit status 0 only if all of it holds.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8 // of a tile, in levels of the tree
	width  = 1 << height
)

// logDir reads tiles as C2SP tlog-tiles lays them out: Go's paths without the height.
type logDir string

func (d logDir) Height() int { return height }

func (d logDir) SaveTiles([]tlog.Tile, [][]byte) {}

func (d logDir) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		bytes, err := d.read(tile)
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (d logDir) read(tile tlog.Tile) ([]byte, error) {
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	if tile.L == -1 {
		path = strings.Replace(path, "tile/data/", "tile/entries/", 1)
	}
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(path)))
}

// checkpoint opens DIR/checkpoint and reads its three lines.
func (d logDir) checkpoint(vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(string(d), "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tree, errors.New("checkpoint is not origin, size and root of the key's log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, errors.New("checkpoint has no plain size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, errors.New("checkpoint has no root of 32 bytes")
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// tilesOf lists every tile of hashes of a tree of this size.
func tilesOf(size int64) (tiles []tlog.Tile) {
	for level := 0; size>>(height*level) > 0; level++ {
		hashes := size >> (height * level)
		for first := int64(0); first < hashes; first += width {
			w := hashes - first
			if w > width {
				w = width
			}
			tiles = append(tiles, tlog.Tile{H: height, L: level, N: first / width, W: int(w)})
		}
	}
	return tiles
}

// parseBundle splits an entry bundle: each entry behind its length, u16 big-endian.
func parseBundle(data []byte) (entries [][]byte, err error) {
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("entry bundle is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries, nil
}

// rebuild hashes every entry and returns all hashes of the tree, in the order of tlog's storage.
func rebuild(d logDir, size int64) (hashes []tlog.Hash, err error) {
	stored := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, hashes[i])
		}
		return list, nil
	})
	var n int64
	for _, tile := range tilesOf(size) {
		if tile.L != 0 {
			break
		}
		bundle := tile
		bundle.L = -1
		data, err := d.read(bundle)
		if err != nil {
			return nil, err
		}
		entries, err := parseBundle(data)
		if err != nil {
			return nil, fmt.Errorf("bundle %d: %w", tile.N, err)
		}
		if len(entries) != tile.W {
			return nil, fmt.Errorf("bundle %d holds %d entries, not %d", tile.N, len(entries), tile.W)
		}
		for _, entry := range entries {
			more, err := tlog.StoredHashes(n, entry, stored)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
			n++
		}
	}
	return hashes, nil
}

// checkTiles compares every tile with what the entries make it.
func checkTiles(d logDir, tree tlog.Tree, hashes tlog.HashReader) error {
	for _, tile := range tilesOf(tree.N) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return fmt.Errorf("%s: %w", tile.Path(), err)
		}
		got, err := d.read(tile)
		if err != nil {
			return err
		}
		if string(want) != string(got) {
			return fmt.Errorf("%s is not what the entries make it", tile.Path())
		}
	}
	return nil
}

// samples are positions at which trees change shape, and some between; all of a small tree.
func samples(size int64) (out []int64) {
	seen := map[int64]bool{}
	add := func(n int64) {
		if n >= 0 && n < size && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	for n := int64(0); n < size && n < 100; n++ {
		add(n)
	}
	for power := int64(128); power < 2*size; power *= 2 {
		add(power - 1)
		add(power)
		add(power + 1)
	}
	for i := int64(0); i < 50; i++ {
		add(size * i / 50)
	}
	add(size - 1)
	return out
}

func checkInclusion(tree tlog.Tree, hashes tlog.HashReader) error {
	for _, n := range samples(tree.N) {
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return fmt.Errorf("inclusion of %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d: %w", n, err)
		}
	}
	return nil
}

func checkConsistency(tree tlog.Tree, hashes tlog.HashReader) error {
	for _, n := range append(samples(tree.N), tree.N) {
		if n == 0 {
			continue
		}
		old, err := tlog.TreeHash(n, hashes)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, n, hashes)
		if err != nil {
			return fmt.Errorf("consistency from %d: %w", n, err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, n, old); err != nil {
			return fmt.Errorf("consistency from %d: %w", n, err)
		}
	}
	return nil
}

func verify(dir, vkey string) (tlog.Tree, error) {
	d := logDir(dir)
	tree, err := d.checkpoint(vkey)
	if err != nil {
		return tree, err
	}
	if tree.N == 0 {
		if tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
			return tree, errors.New("the empty tree has another root")
		}
		return tree, nil
	}
	// Entries are the ground: the TileHashReader of some versions leaves tiles unchecked.
	all, err := rebuild(d, tree.N)
	if err != nil {
		return tree, err
	}
	rebuilt := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, all[i])
		}
		return list, nil
	})
	if root, err := tlog.TreeHash(tree.N, rebuilt); err != nil || root != tree.Hash {
		return tree, fmt.Errorf("entries do not hash to the root (%v)", err)
	}
	if err := checkTiles(d, tree, rebuilt); err != nil {
		return tree, err
	}
	// Proofs from the tiles alone, as a client without the entries makes them.
	hashes := tlog.TileHashReader(tree, d)
	if err := checkInclusion(tree, hashes); err != nil {
		return tree, err
	}
	return tree, checkConsistency(tree, hashes)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: verify-log DIR VKEY")
		os.Exit(2)
	}
	tree, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify-log:", err)
		os.Exit(1)
	}
	fmt.Printf("verified %d entries under root %s\n", tree.N, tree.Hash)
}
