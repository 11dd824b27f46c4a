export const zsh = `#compdef varve
# varve completion for zsh. Put this into ~/.zshrc, behind compinit:  source <(varve completion zsh)
_varve() {
  local line word about
  local -a found
  for line in "\${(@f)$("\${words[1]}" __complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    word=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    if [[ $word == :files ]]; then
      _files
    elif [[ -n $word ]]; then
      found+=("\${word//:/\\\\:}:$about")
    fi
  done
  (( \${#found} )) && _describe -V varve found
}
compdef _varve varve
`
