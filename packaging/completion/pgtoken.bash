# bash completion for pgtoken. The table of commands is filled in from --help when the package is built.

_pgtoken() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=pgtoken word words files names of_file of_folder of_names of_text
  # bash takes "--config=x" apart at the "=".
  if [ "$current" = = ]; then
    current=
  elif [ "$previous" = = ]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _pgtoken_command "$command"
    case $word in
      -*) ;;
      *) case " $words " in *" $word "*) command="$command $word" ;; esac ;;
    esac
  done
  _pgtoken_command "$command"

  case " $of_file " in *" $previous "*) files=yes words='' ;; esac
  case " $of_folder " in *" $previous "*)
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
    return
    ;;
  esac
  for word in $of_names; do
    if [ "${word%%:*}" = "$previous" ]; then
      mapfile -t COMPREPLY < <(_pgtoken_names "${word#*:}" "$current")
      return
    fi
  done
  case " $of_text " in *" $previous "*) return ;; esac

  mapfile -t COMPREPLY < <(
    compgen -W "$words" -- "$current" || :
    if [ -n "$names" ]; then _pgtoken_names "$names" "$current"; fi
    if [ -n "$files" ]; then case $current in -*) ;; *) compgen -f -- "$current" ;; esac fi
  )
}

# Entries, services, roles, servers and kinds; silent where there are none, and never for long. bash takes words apart at ":", so
# that names with one are left to whoever types.
_pgtoken_names() {
  compgen -W "$(timeout 2 pgtoken __complete "$1" -- "${COMP_WORDS[@]}" 2>/dev/null | grep -v :)" -- "$2" || :
}

# _pgtoken_command NAME: sets what may follow it
_pgtoken_command() {
  words='' files='' names='' of_file='' of_folder='' of_names='' of_text=''
  case $1 in
    # @commands
  esac
}

complete -o filenames -F _pgtoken pgtoken
