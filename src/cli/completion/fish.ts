export const fish = `# varve completion for fish. Put this into ~/.config/fish/completions/varve.fish:  varve completion fish
function __varve_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete fish $words[2..-1] 2>/dev/null)
    if string match -q ':files*' -- $line
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c varve -f -a '(__varve_complete)'
`
