# What the scripts of the guest share. For each case: "=== NAME", what the program prints, "--- stderr", what it prints
# there, "--- status N".
PATH=$PATH:/job
echo 'root:x:0:0::/:/bin/sh
guest:x:1000:1000::/:/bin/sh' > /etc/passwd
echo 'video:x:44:' > /etc/group

case_() {
    echo "=== $1"
    shift
    "$@" 2> /tmp/stderr
    status=$?
    echo '--- stderr'
    cat /tmp/stderr
    echo "--- status $status"
}

# plug CLIP CODE WxH FPS ...: a camera that plays the clips.
plug() {
    uvcsim "$@" > /tmp/uvcsim.log 2>&1 &
    pid=$!
    n=0
    until [ -e /dev/video0 ] || [ $n -ge 500 ]; do
        usleep 20000
        n=$((n + 1))
    done
    chown root:video /dev/video0
    chmod 660 /dev/video0
}

gone() {
    wait $pid
    while [ -e /dev/video0 ]; do
        usleep 20000
    done
}

unplug() {
    kill -USR1 $pid
    gone
}

# replug CLIP CODE WxH FPS ...: in the background, plugs in a camera as soon as the one there is gone; its process number
# is in /tmp/pid.
replug() {
    while [ -e /dev/video0 ]; do
        usleep 20000
    done
    # The bus has not let go of the port yet.
    sleep 1
    plug "$@"
    echo $pid > /tmp/pid
}
