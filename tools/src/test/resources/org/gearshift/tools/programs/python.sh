# what: python3: floats to the last bit, the random generator, large integers, hashes, struct
# slice: long
# packages: python3.11-minimal libpython3.11-minimal libexpat1 zlib1g
. programs/prelude
export PYTHONHOME=usr PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
cat > tmp/program.py <<'END'
import math, struct, zlib, _random, _sha256, _sha512, _sha3, _blake2, _md5
r = _random.Random(20)
for i in range(60):
    x = r.random() * 10 ** (i - 30)
    print(x, x.hex(), repr(x / 3), divmod(x, 0.7), round(x, 3), x.as_integer_ratio())
    print(math.sqrt(x), math.fmod(x, 0.3), math.floor(x), math.sin(x).hex(), math.cos(x).hex(), math.ldexp(x, 5), math.frexp(x), math.hypot(x, 1))
    print("%.14g %.14g %.14g %.14g %.14g" % (math.exp(r.random()), math.log(x), math.atan(x), math.pow(x, 0.3), math.tanh(x)))
print(math.factorial(300), math.comb(500, 200), math.isqrt(10 ** 301), pow(3, 10 ** 40, 2 ** 521 - 1), 7 ** 400 // 3 ** 300 % 10 ** 60)
data = open("programs/data", "rb").read()
for h in (_md5.md5, _sha256.sha256, _sha512.sha512, _sha3.sha3_256, _blake2.blake2b):
    print(h(data).hexdigest())
packed = zlib.compress(data, 9)
print(len(packed), zlib.crc32(packed), zlib.adler32(packed), zlib.decompress(packed) == data)
print(struct.pack("<dfqhe", 1 / 3, 1 / 3, -5, 1234, 1 / 3).hex(), sum([0.1] * 10), math.fsum([0.1] * 10), float("1e-320"), int(1e300), hash(0.1), complex(1, 2) ** 3)
END
run usr/bin/python3.11 -S tmp/program.py
