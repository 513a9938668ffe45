# Keeps PostgreSQL from outliving the test: sh supervise.sh <folder> <command>
# Reads `stop` (as a crash) and `start`; at the end of the input, which is the test's end, stops and removes the folder.
folder=$1
shift
start() {
    "$@" >>"$folder/log" 2>&1 &
    pid=$!
}
stop() {
    kill -QUIT "$pid" 2>/dev/null
    wait "$pid"
}
start "$@"
while read -r order; do
    case $order in
    start) start "$@" ;;
    stop) stop ;;
    esac
    echo done
done
stop
rm -rf "$folder"
