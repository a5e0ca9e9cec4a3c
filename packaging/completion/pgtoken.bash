# bash completion for pgtoken. The table of commands is filled in from --help when the package is built.

_pgtoken() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=pgtoken word words files of_file of_folder of_text
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
  case " $of_text " in *" $previous "*) return ;; esac

  mapfile -t COMPREPLY < <(
    compgen -W "$words" -- "$current" || :
    if [ -n "$files" ]; then case $current in -*) ;; *) compgen -f -- "$current" ;; esac fi
  )
}

# _pgtoken_command NAME: sets what may follow it
_pgtoken_command() {
  words='' files='' of_file='' of_folder='' of_text=''
  case $1 in
    # @commands
  esac
}

complete -o filenames -F _pgtoken pgtoken
