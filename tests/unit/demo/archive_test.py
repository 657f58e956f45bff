"""Claims about demo/archive.py. Run: python3 archive_test.py REPOSITORY"""

import os
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "demo"))

import archive  # noqa: E402

HEADER = "CONVERSATION ID,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT\n"


def read(text, header=HEADER):
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as file:
        file.write(header + text)
        file.flush()
        return archive.read(file.name)


def row(sender="A", url="", recipient="B", date="2025-01-01 10:00:00 UTC", subject="", body="hello", to_url=""):
    return f'c,{sender},{url},{recipient},"{to_url}",{date},{subject},"{body}"\n'


class TheBundledArchive(unittest.TestCase):
    def setUp(self):
        self.messages, self.bad = archive.read(os.path.join(ROOT, "demo", "messages.csv"))

    def test_holds_55_messages_and_no_bad_row(self):
        self.assertEqual((len(self.messages), self.bad), (55, []))

    def test_is_in_date_order(self):
        dates = [message.date for message in self.messages]
        self.assertEqual(dates, sorted(dates))

    def test_gives_everybody_a_handle_with_or_without_a_profile_address(self):
        self.assertEqual(
            set(archive.handles(self.messages).values()),
            {"amara-okafor-example", "fatima-al-sayed-example", "jonas-lindqvist-example", "li-ming-example",
             "linkedin-member", "priya-raghunathan-example", "tomas-obrien-example", "zoe-mueller-brandt-example"},
        )

    def test_keeps_spaces_line_breaks_and_scripts_of_bodies(self):
        bodies = {message.body for message in self.messages}
        self.assertIn(" ", bodies)
        self.assertTrue(any("\n" in body and body.endswith("\n") for body in bodies))
        self.assertTrue(any("李明" in body for body in bodies))


class Columns(unittest.TestCase):
    def test_are_found_by_name_in_any_order_and_case(self):
        header = "content,Date,subject,to,recipient profile urls,from,sender profile url,conversation id,x\n"
        messages, bad = read("hi,2025-01-01 10:00:00 UTC,s,B,,A,,c,ignored\n", header)
        self.assertEqual(bad, [])
        self.assertEqual((messages[0].body, messages[0].sender.name), ("hi", "A"))

    def test_a_byte_order_mark_does_not_hide_the_first_column(self):
        messages, _ = read(row(), "\ufeff" + HEADER)
        self.assertEqual(len(messages), 1)

    def test_that_are_missing_are_named(self):
        with self.assertRaisesRegex(archive.ArchiveError, "DATE"):
            read("", HEADER.replace("DATE,", ""))

    def test_a_file_that_cannot_be_read_is_an_error_of_the_archive(self):
        with self.assertRaisesRegex(archive.ArchiveError, "nowhere.csv: No such file"):
            archive.read("/nowhere.csv")
        with self.assertRaisesRegex(archive.ArchiveError, "Is a directory"):
            archive.read("/")

    def test_an_empty_file_is_refused(self):
        with self.assertRaises(archive.ArchiveError):
            read("", "")


class BadRows(unittest.TestCase):
    def why(self, text):
        _, bad = read(row() + text)
        self.assertEqual([3], [b.line for b in bad])
        return bad[0].why

    def test_are_reported_with_the_line_they_begin_on(self):
        _, bad = read(row(body="two\nlines") + "short,row\n")
        self.assertEqual([(4, "2 fields instead of 8")], [(b.line, b.why) for b in bad])

    def test_name_what_is_wrong(self):
        self.assertIn("date", self.why(row(date="yesterday")))
        self.assertIn("no recipient", self.why(row(recipient="")))
        self.assertIn("several", self.why(row(to_url="https://a.example/in/x,https://a.example/in/y")))
        self.assertIn("201 characters", self.why(row(subject="s" * 201)))
        self.assertIn("2001 characters", self.why(row(body="b" * 2001)))

    def test_letters_to_oneself_are_bad_rows_by_name_or_address(self):
        self.assertIn("the sender is the recipient", self.why(row(sender="A", recipient="A")))
        mine = "https://www.x.example/in/a"
        self.assertIn("the sender is the recipient",
                      self.why(row(sender="A", url=mine, recipient="A. B.", to_url="http://X.example/in/a/")))

    def test_limits_count_characters_not_bytes(self):
        _, bad = read(row(subject="李" * 200, body="👍" * 2000))
        self.assertEqual(bad, [])

    def test_an_unclosed_quote_ends_the_reading(self):
        with self.assertRaises(archive.ArchiveError):
            read('c,A,,B,,2025-01-01 10:00:00 UTC,,"never closed\n')


class Handles(unittest.TestCase):
    def of(self, *people):
        text = "".join(row(sender=name, url=url) for name, url in people)
        messages, _ = read(text)
        given = archive.handles(messages)
        handles = [given[message.sender.key] for message in messages]
        for handle in given.values():
            self.assertRegex(handle, r"^[a-z0-9][a-z0-9._-]{1,62}$")
        # Rows of one date come in the reverse order of the file.
        return handles[::-1]

    def test_come_from_the_profile_address(self):
        self.assertEqual(self.of(("Zoë", "https://www.linkedin.com/in/zoe-m/")), ["zoe-m"])
        self.assertEqual(self.of(("Zoë", "https://x.example/in/Zo%C3%AB.M?trk=1")), ["zoe.m"])

    def test_come_from_the_name_where_there_is_no_address(self):
        self.assertEqual(self.of(("Zoë Müller-Brandt", "")), ["zoe-muller-brandt"])
        self.assertEqual(self.of(("Tomás O’Brien", "")), ["tomas-obrien"])

    def test_of_names_without_a_latin_letter_still_differ(self):
        first, second = self.of(("李 明", ""), ("王 芳", ""))
        self.assertNotEqual(first, second)
        self.assertTrue(first.startswith("member-"))

    def test_one_address_is_one_person_however_it_is_written(self):
        first, second = self.of(("A", "https://www.x.example/in/a"), ("A. B.", "http://X.example/in/a/"))
        self.assertEqual(first, second)

    def test_of_different_people_never_collide(self):
        handles = self.of(("A", "https://x.example/in/ab"), ("B", "https://y.example/in/ab"), ("ab", ""))
        self.assertEqual(len(set(handles)), 3)

    def test_that_are_too_long_are_cut(self):
        self.assertEqual([len(h) for h in self.of(("n" * 80, ""))], [63])


if __name__ == "__main__":
    unittest.main()
