# peerbench's peers. Gearshift has no BIOS that would load a boot sector: bare-metal images start as ELF files.
. "$PEERBENCH/peers.sh"
eval "$(declare -f peer_gearshift | sed '1s/peer_gearshift/peer_gearshift_linux/')"
peer_gearshift() {
    case $1 in
        bare*) exec "$GEARSHIFT" run $GSX -m 160M --kernel "$OUT/$1.elf" --serial stdio ;;
        *) peer_gearshift_linux "$1" ;;
    esac
}
