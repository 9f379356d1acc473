# fish completion of headroom; in ~/.config/fish/config.fish: headroom completion fish | source
function __headroom_complete
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)
    for line in ($tokens[1] complete -- $tokens[2..-1] "$current" 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c headroom -f -a '(__headroom_complete)'
