# Runs "$@" until it ends or until standard input does, which is the end of a pipe that its parent holds: when the parent
# goes, however it goes, so does the pipe, and with it the server.
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
    read -r _ <&3
    # From here on the watch ends by itself. If it were killed, its `sleep` would outlive it.
    trap '' TERM
    kill -TERM "$server"
    tenths=0
    while kill -0 "$server" && [ "$tenths" -lt 40 ]; do
        sleep 0.1
        tenths=$((tenths + 1))
    done
    kill -KILL "$server"
} >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch" 2>/dev/null
wait "$watch"
exit "$code"
