#compdef pgtoken
# zsh completion for pgtoken. The table of commands is filled in from --help when the package is built.

_pgtoken() {
  local command=pgtoken word previous=${words[CURRENT-1]} kind
  local files names of_file of_folder of_names of_text
  local -a words_of subcommands options named

  for word in "${(@)words[2,CURRENT-1]}"; do
    _pgtoken_command "$command"
    [[ $word == -* ]] || [[ -z ${words_of[(r)$word:*]} ]] || command="$command $word"
  done
  _pgtoken_command "$command"

  # --config=x
  if [[ $PREFIX == --*=* ]]; then
    previous=${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ " $of_file " == *" $previous "* ]]; then
    _files
    return
  fi
  if [[ " $of_folder " == *" $previous "* ]]; then
    _files -/
    return
  fi
  named=(${(s: :)of_names})
  kind=${${named[(r)$previous:*]}#*:}
  if [[ -n $kind && $previous == -* ]]; then
    _pgtoken_names "$kind"
    return
  fi
  [[ " $of_text " != *" $previous "* ]] || return 1

  subcommands=("${(@)words_of:#--*}")
  options=("${(@M)words_of:#--*}")
  _describe command subcommands
  _describe -o option options
  [[ -z $names || $PREFIX == -* ]] || _pgtoken_names "$names"
  [[ -z $files || $PREFIX == -* ]] || _files
}

# Entries, services, roles, servers and kinds; silent where there are none, and never for long.
_pgtoken_names() {
  local -a found
  found=(${(f)"$(timeout 2 pgtoken __complete "$1" -- "${(@)words}" 2>/dev/null)"})
  compadd -a found
}

# _pgtoken_command NAME: sets what may follow it
_pgtoken_command() {
  words_of=() files='' names='' of_file='' of_folder='' of_names='' of_text=''
  case $1 in
    # @commands
  esac
}

_pgtoken "$@"
