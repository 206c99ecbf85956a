# what: python3: JSON written and read again, with the library's own accelerators
# packages: python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libexpat1 zlib1g
export PYTHONHOME=/usr PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
cat > /tmp/program.py <<'END'
import json
import sys

data = [{"number": i, "ratio": i / 7, "name": "name %d \u00e9\n" % i, "flags": [True, None, i % 3 == 0], "inner": {"a": list(range(i % 20)), "b": {"c": str(i) * 3}}}
        for i in range(400)]
for i in range(int(sys.argv[1])):
    text = json.dumps(data, indent=2 if i % 4 == 0 else None, sort_keys=i % 2 == 0)
    data = json.loads(text)
    data[i % 400]["number"] += 1
print(text)
END
begin json
/usr/bin/python3.11 -S /tmp/program.py $(scaled 200) > /tmp/out 2>&1 || failed json
end json /tmp/out
