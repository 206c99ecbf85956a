# what: python3: records, lists, calls, strings and dictionaries, in the manner of pystone
# packages: python3.11-minimal libpython3.11-minimal libexpat1 zlib1g
export PYTHONHOME=/usr PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
cat > /tmp/program.py <<'END'
import sys


class Record:
    __slots__ = ("link", "kind", "number", "name")

    def __init__(self, link, kind, number, name):
        self.link, self.kind, self.number, self.name = link, kind, number, name

    def copied(self):
        return Record(self.link, self.kind, self.number, self.name)


def classify(text):
    total = 0
    for c in text:
        total = total * 31 + ord(c) & 0xFFFF
    return total % 5


def follow(record, depth):
    if depth == 0:
        return record.number
    other = record.copied()
    other.number += depth
    other.kind = classify(other.name)
    record.link = other
    return follow(other, depth - 1) + other.kind


def fill(table, row):
    for k in range(len(table)):
        table[k] = (table[k] * 3 + row * k) % 10007
    return max(table) - min(table)


rounds = int(sys.argv[1])
seen = {}
table = list(range(50))
check = 0
for i in range(rounds):
    head = Record(None, i % 3, i, "program, string number %d" % (i % 100))
    check = (check + follow(head, 6)) % 1000003
    check = (check * 7 + fill(table, i)) % 1000003
    key = head.name[-2:] + str(check % 500)
    seen[key] = seen.get(key, 0) + 1
    if i % 50 == 0:
        words = sorted(k for k, v in seen.items() if v > 1)
        check += len(" ".join(words)) if words else 1
print(check, len(seen), sum(table))
END
begin python
/usr/bin/python3.11 -S /tmp/program.py $(scaled 50000) > /tmp/out 2>&1 || failed python
end python /tmp/out
