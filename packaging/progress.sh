# shellcheck shell=sh
# For scripts that take long: . packaging/progress.sh, then `step "what is done" COMMAND...`. Needs a function `say` that prints
# a line, and may have PROGRESS_TIMES, a folder that remembers how long each step took here.
#
# The step is said when it begins, with the time that it took last, and then every ten seconds that it still goes on: silence
# means that it hangs. The command keeps standard input and output, and its exit status is that of the step. Within it
# `set -e` does not count: it is a program, or a function that ends with what may fail.

# step WHAT COMMAND...
step() {
  progress_what=$1
  shift
  progress_memory=${PROGRESS_TIMES:+$PROGRESS_TIMES/$(printf %s "$progress_what" | tr -c 'A-Za-z0-9\n' _)}
  progress_last=
  if [ -n "$progress_memory" ] && read -r progress_last 2>/dev/null <"$progress_memory"; then
    case $progress_last in
      '' | *[!0-9]*) progress_last= ;;
      *) progress_last="$progress_last s the last time" ;;
    esac
  fi

  say "$progress_what${progress_last:+ ($progress_last)}"
  progress_begin=$(date +%s)
  progress_tick &
  progress_ticker=$!
  progress_status=0
  "$@" || progress_status=$?
  # Nothing weaker: before the new process has cleared the traps of this one, dash would drop another signal, and wait for ever.
  kill -KILL "$progress_ticker" 2>/dev/null || :
  wait "$progress_ticker" 2>/dev/null || :

  if [ "$progress_status" -eq 0 ] && [ -n "$progress_memory" ] && mkdir -p "$PROGRESS_TIMES" 2>/dev/null; then
    echo "$(($(date +%s) - progress_begin))" 2>/dev/null >"$progress_memory" || :
  fi
  return "$progress_status"
}

# It ends within a second when the script does, however that ends, so that nobody who reads its output waits for longer.
progress_tick() {
  trap - EXIT
  progress_rest=${PROGRESS_SECONDS:-10}
  while sleep 1 >/dev/null 2>&1 && kill -0 "$$" 2>/dev/null; do
    progress_rest=$((progress_rest - 1))
    [ "$progress_rest" -gt 0 ] && continue
    progress_rest=${PROGRESS_SECONDS:-10}
    say "still at it after $(($(date +%s) - progress_begin)) s${progress_last:+ ($progress_last)}"
  done
}
