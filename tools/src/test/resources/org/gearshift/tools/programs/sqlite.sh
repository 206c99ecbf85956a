# what: sqlite: sums and averages, floating-point functions and formats, sorting, joins, windows, JSON, text search, integrity
# slice: short
# packages: sqlite3 libsqlite3-0 libreadline8 libtinfo6 zlib1g
. programs/prelude
rows=300
[ -z "$LONG" ] || rows=5000
run usr/bin/sqlite3 -batch tmp/data.db <<END
create table t(i integer primary key, x real, s text);
with recursive c(n) as (select 1 union all select n + 1 from c where n < $rows)
insert into t select n, sin(n) * exp(n % 20 - 10), printf('%x-%o-%e', n * 2654435761 % 4294967296, n, n / 7.0) from c;
select count(*), sum(x), avg(x), min(x), max(x), total(x * x), sum(i) from t;
select i, x, round(x, 5), s, hex(s), length(s) from t order by x desc limit 10;
select i % 7 g, sum(x), group_concat(i % 100, '.') from t where i < 100 group by g order by 2;
select i, sum(x) over (order by i rows 3 preceding), rank() over (order by s) from t where i % 29 = 0 limit 20;
select pow(2, 0.5), atan2(1, 3), log(10), exp(1.5), sqrt(3), acosh(2), degrees(1), 1e308 * 10, -1e-320, 9223372036854775807 + 1, 7 / 2, -7 % 3, 1.0 / 3;
select json_extract('{"a":[1,2.5e-3,{"b":"c"}]}', '$.a[1]'), json_group_array(i) from t where i < 8;
create index k on t(s, x);
select count(*) from t a join t b on a.s < b.s and b.i = a.i + 1;
create virtual table f using fts5(s);
insert into f select s from t;
select count(*), max(rank) from f where f match '"1e"*';
update t set x = x * 1.1 where i % 3 = 0;
delete from t where i % 5 = 0;
vacuum;
pragma integrity_check;
select printf('%.17g %.3e %08.2f %d', x, x, x, i) from t where i % 41 = 0;
END
sha256sum < tmp/data.db | cut -c 1-16 > tmp/digest
