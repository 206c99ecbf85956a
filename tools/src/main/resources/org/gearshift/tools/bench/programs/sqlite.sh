# what: sqlite3: inserts, indexes, joins, window functions, updates and deletions in a file
# packages: sqlite3 libsqlite3-0 libreadline8 libtinfo6 zlib1g
begin sqlite
i=$(scaled 9)
while [ $i -gt 0 ]; do
    rm -f /tmp/data.db
    /usr/bin/sqlite3 -batch /tmp/data.db > /tmp/out 2>&1 <<'END' || failed sqlite
pragma journal_mode = memory;
create table item(id integer primary key, name text, price real, class integer);
create table sale(item integer, day integer, amount integer);
begin;
with recursive c(n) as (select 1 union all select n + 1 from c where n < 10000)
insert into item select n, printf('item %x', n * 2654435761 % 4294967296), n % 997 / 7.0, n % 23 from c;
with recursive c(n) as (select 1 union all select n + 1 from c where n < 60000)
insert into sale select n * 7919 % 10000 + 1, n % 365, n % 13 from c;
commit;
create index by_item on sale(item, day);
create index by_name on item(name);
select class, count(*), round(sum(price * amount), 3) from item join sale on item.id = sale.item group by class order by 3 desc;
select day, total, rank() over (order by total) from (select day, sum(amount) total from sale group by day) order by day limit 40;
select count(*) from item a join item b on b.name > a.name and b.id = a.id + 1;
select max(length(names)) from (select group_concat(name, '/') as names from item group by class);
update sale set amount = amount + 1 where item % 3 = 0;
delete from sale where day % 5 = 0;
select count(*), sum(amount) from sale where item in (select id from item where name like '%a%b%');
vacuum;
pragma integrity_check;
END
    i=$((i - 1))
done
end sqlite /tmp/out
rm -f /tmp/data.db
