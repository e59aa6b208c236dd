/* uvcsim: a simulated USB webcam, as root inside the guest. It speaks USB/IP to the kernel's vhci_hcd over a
 * socket pair (no network), so that the real uvcvideo driver binds to it and /dev/videoN appears.
 *
 *   uvcsim CLIP CODE WxH FPS [CLIP CODE WxH FPS ...]      CODE: MJPG (JPEGs one after the other), or raw YUYV, YU12 or GREY
 *
 * Each clip is one frame size of a UVC format, offered at FPS and FPS/2. The one that the host commits plays
 * in real time and looping from the start of the program (frame k at t0 + k/FPS) whether or not anybody
 * looks, like a scene in front of a lens. It has exposure and white balance that can be set. SIGUSR1,
 * SIGTERM: unplug. SIGUSR2: stop sending frames, or go on (a stalled camera). REFUSE=format in the environment:
 * it takes no format though it lists some; REFUSE=start: it does not begin to send; REFUSE=size: whatever is asked
 * for, it takes the first clip.
 *
 * Numbers are those of USB Device Class Definition for Video Devices 1.0 and of the kernel's
 * usbip_protocol.rst. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAXC = 8, PAYLOAD = 16384, EP = 1 };
struct clip {
    const uint8_t *p;
    size_t *off, *len, n;
    int w, h, mjpeg, bits;
    const char *code, *guid;
    double fps;
    int fmt, frm;
    uint32_t ival;
} C[MAXC];
static int nclip, sk;
static const char *refuse = "";
static volatile sig_atomic_t quit, hold;
static uint8_t dev[18], cfg[1024];
static int cfglen;
static uint8_t probe[26], commit[26];

/* Settings: unit, selector, bytes, least, most, step, default, now. Automatic exposure is a set of bits: 1 by
 * hand, 8 aperture priority. */
enum { LEAST = 3, MOST, STEP, DEFAULT, NOW };
static int settings[][8] = {
    {1, 0x02, 1, 1, 8, 9, 8, 8},              /* automatic exposure */
    {1, 0x03, 1, 0, 1, 1, 0, 1},              /* its priority over the frame rate */
    {1, 0x04, 4, 3, 2047, 1, 250, 166},       /* exposure time, 0.1 ms */
    {2, 0x02, 2, -64, 64, 1, 0, 0},           /* brightness */
    {2, 0x0a, 2, 2800, 6500, 10, 4600, 5100}, /* white balance, K */
    {2, 0x0b, 1, 0, 1, 1, 1, 1},              /* automatic white balance */
};
static struct clip *cur;
static uint32_t iv; /* clip and interval committed, 100 ns */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
static void onsig(int s) {
    if (s == SIGUSR2)
        hold = !hold;
    else
        quit = 1;
}
static void die(const char *s) {
    perror(s);
    exit(1);
}
static void le(uint8_t *p, uint32_t v, int n) {
    while (n--) {
        *p++ = v;
        v >>= 8;
    }
}
static uint32_t rd(const uint8_t *p, int n) {
    uint32_t v = 0;
    while (n--)
        v = v << 8 | p[n];
    return v;
}
static void xwrite(const void *b, size_t n) {
    const char *p = b;
    while (n) {
        ssize_t r = write(sk, p, n);
        if (r < 0) {
            if (errno == EINTR)
                continue;
            exit(0);
        }
        p += r;
        n -= r;
    }
}
static int xread(void *b, size_t n) {
    char *p = b;
    while (n) {
        ssize_t r = read(sk, p, n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return 0;
        p += r;
        n -= r;
    }
    return 1;
}

static void load(char **a, struct clip *c) {
    struct stat st;
    int f = open(a[0], O_RDONLY);
    if (f < 0 || fstat(f, &st))
        die(a[0]);
    c->p = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, f, 0);
    if (c->p == MAP_FAILED)
        die("mmap");
    c->code = a[1];
    c->mjpeg = !strcmp(a[1], "MJPG");
    c->guid = !strcmp(a[1], "YU12") ? "I420" : !strcmp(a[1], "GREY") ? "Y800" : "YUY2";
    c->bits = !strcmp(a[1], "YU12") ? 12 : !strcmp(a[1], "GREY") ? 8 : 16;
    sscanf(a[2], "%dx%d", &c->w, &c->h);
    c->fps = atof(a[3]);
    c->ival = 1e7 / c->fps + .5;
    size_t pos = 0, cap = 0, size = st.st_size, l;
    while (pos < size) {
        l = (size_t)c->w * c->h * c->bits / 8;
        if (c->mjpeg) /* to the start of the next: within a picture 0xff is followed by no 0xd8 */
            for (l = 2; pos + l < size && !(pos + l + 2 < size && c->p[pos + l] == 0xff && c->p[pos + l + 1] == 0xd8 &&
                                            c->p[pos + l + 2] == 0xff);
                 l++)
                ;
        if (pos + l > size)
            break;
        if (c->n == cap) {
            cap = cap * 2 + 64;
            c->off = realloc(c->off, cap * sizeof *c->off);
            c->len = realloc(c->len, cap * sizeof *c->len);
        }
        c->off[c->n] = pos;
        c->len[c->n++] = l;
        pos += l;
    }
    if (!c->n) {
        fprintf(stderr, "%s: no whole frame\n", a[0]);
        exit(1);
    }
}

/* ---- descriptors */
static uint8_t *put(const uint8_t *b, int n) {
    uint8_t *at = cfg + cfglen;
    memcpy(at, b, n);
    cfglen += n;
    return at;
}
#define D(...)                                                                                               \
    ({                                                                                                       \
        uint8_t d_[] = {__VA_ARGS__};                                                                        \
        put(d_, sizeof d_);                                                                                  \
    })
static void descriptors(void) {
    static const uint8_t d[18] = {18, 1, 0, 2, 0xef, 2, 1, 64, 0x09, 0x12, 1, 0, 0, 1, 1, 2, 0, 1};
    memcpy(dev, d, 18);
    D(9, 2, 0, 0, 2, 1, 0, 0x80, 250);
    D(8, 11, 0, 2, 0x0e, 3, 0, 0);                                        /* IAD */
    D(9, 4, 0, 0, 0, 0x0e, 1, 0, 0);                                      /* VideoControl */
    D(13, 0x24, 1, 0, 1, 13 + 17 + 11 + 9, 0, 0x80, 0x8d, 0x5b, 0, 1, 1); /* header, UVC 1.0, 6 MHz */
    D(17, 0x24, 2, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x0e, 0);          /* camera terminal 1: exposure */
    D(11, 0x24, 5, 2, 1, 0, 0, 2, 0x41, 0x10, 0); /* processing unit 2: brightness, white balance */
    D(9, 0x24, 3, 3, 1, 1, 0, 2, 0);              /* output terminal 3 */
    D(9, 4, 1, 0, 1, 0x0e, 2, 0, 0);              /* VideoStreaming, one bulk endpoint */
    int nf = 0; /* formats: one for each code, in the order of the clips */
    for (int i = 0; i < nclip; i++)
        C[i].fmt = 0;
    for (int i = 0; i < nclip; i++) {
        for (int j = 0; j < i && !C[i].fmt; j++)
            if (!strcmp(C[i].code, C[j].code))
                C[i].fmt = C[j].fmt;
        if (!C[i].fmt)
            C[i].fmt = ++nf;
    }
    uint8_t *hd = D(13, 0x24, 1, nf, 0, 0, 0x80 | EP, 0, 3, 0, 0, 0, 1);
    int vs = cfglen - 13;
    for (int i = 1; i < nf; i++) { /* one bmaControls byte per format */
        D(0);
        hd[0]++;
    }
    for (int fmt = 1; fmt <= nf; fmt++) {
        int frames = 0, fr = 0;
        struct clip *first = 0;
        for (int i = 0; i < nclip; i++)
            if (C[i].fmt == fmt) {
                first = first ? first : C + i;
                frames++;
            }
        const char *g = first->guid;
        if (first->mjpeg)
            D(11, 0x24, 6, fmt, frames, 1, 1, 0, 0, 0, 0);
        else
            D(27, 0x24, 4, fmt, frames, g[0], g[1], g[2], g[3], 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b,
              0x71, first->bits, 1, 0, 0, 0, 0);
        for (struct clip *c = C; c < C + nclip; c++)
            if (c->fmt == fmt) {
                c->frm = ++fr;
                uint8_t *f = D(34, 0x24, c->mjpeg ? 7 : 5, fr, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                               0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0);
                le(f + 5, c->w, 2);
                le(f + 7, c->h, 2);
                le(f + 9, c->w * c->h * c->bits * c->fps, 4);
                le(f + 13, c->w * c->h * c->bits * c->fps, 4);
                le(f + 17, c->w * c->h * c->bits / 8, 4);
                le(f + 21, c->ival, 4);
                le(f + 26, c->ival, 4);
                le(f + 30, 2 * c->ival, 4);
            }
        D(6, 0x24, 13, 1, 1, 4);
    }
    le(hd + 4, cfglen - vs, 2);
    D(7, 5, 0x80 | EP, 2, 0, 2, 0);
    le(cfg + 2, cfglen, 2);
}
static void set_probe(uint8_t *p, const uint8_t *want) {
    struct clip *c = C;
    int f = want[2], r = want[3];
    for (int i = 0; i < nclip; i++)
        if (C[i].fmt == f && (C[i].frm == r || c->fmt != f) && strcmp(refuse, "size"))
            c = C + i;
    memset(p, 0, 26);
    p[0] = 1;
    p[2] = c->fmt;
    p[3] = c->frm;
    le(p + 4, rd(want + 4, 4) > c->ival * 3 / 2 ? 2 * c->ival : c->ival, 4);
    le(p + 18, c->w * c->h * c->bits / 8, 4);
    le(p + 22, PAYLOAD, 4);
    if (p == commit)
        cur = c, iv = rd(p + 4, 4);
}

/* ---- USB/IP */
static void reply(uint32_t seq, int status, const void *h, int hl, const void *b, int bl) {
    uint32_t r[12] = {htonl(3), seq, 0, 0, 0, htonl(status), htonl(hl + bl), 0, 0, 0, 0, 0};
    xwrite(r, 48);
    if (hl)
        xwrite(h, hl);
    if (bl)
        xwrite(b, bl);
}
/* an OUT transfer reports its length but sends no data back */
static void ack(uint32_t seq, int n) {
    uint32_t r[12] = {htonl(3), seq, 0, 0, 0, 0, htonl(n)};
    xwrite(r, 48);
}

static int streaming;
static long last = -1;
static struct { uint32_t seq, len; } Q[64];
static int nq;
static int control(uint32_t seq, const uint8_t *s, const uint8_t *out) {
    int type = s[0], req = s[1], val = rd(s + 2, 2), idx = rd(s + 4, 2), len = rd(s + 6, 2), n = -1;
    uint8_t b[256] = {0};
    const uint8_t *r = b;
    if (type == 0x80 && req == 6)
        switch (val >> 8) {
        case 1:
            r = dev;
            n = 18;
            break;
        case 2:
            r = cfg;
            n = cfglen;
            break;
        case 3:
            if (val == 0x300) {
                memcpy(b, "\4\3\11\4", 4);
                n = 4;
            } else {
                const char *t = (val & 255) == 1 ? "uvcsim" : "Simulated UVC camera";
                n = 2 + 2 * strlen(t);
                b[0] = n;
                b[1] = 3;
                for (int i = 0; t[i]; i++)
                    b[2 + 2 * i] = t[i];
            }
        }
    else if (type == 0x80 && req == 0)
        n = 2;
    else if (type == 0x00 || type == 0x01) {
        ack(seq, 0);
        return 0;
    } /* SET_CONFIGURATION, SET_INTERFACE */
    else if (type == 0x02) {
        if (req == 1)
            streaming = 0;
        ack(seq, 0);
        return 0;
    } /* CLEAR_FEATURE(HALT): uvcvideo's stop */
    else if ((type & 0x7f) == 0x21 && (idx & 255) == 1 &&
             (val >> 8 == 1 || val >> 8 == 2)) { /* VS probe / commit */
        uint8_t *p = val >> 8 == 1 ? probe : commit;
        if (req == 1 && !strcmp(refuse, p == probe ? "format" : "start")) {
            reply(seq, -EPIPE, 0, 0, 0, 0);
            return -1;
        }
        if (req == 1) {
            set_probe(p, out);
            if (p == commit) {
                last = -1;
                streaming = 1;
                printf("uvcsim: stream %s %dx%d @%g\n", cur->code, cur->w, cur->h,
                       1e7 / iv);
                fflush(stdout);
            }
            ack(seq, len);
            return 0;
        }
        if (req == 0x86)
            b[0] = 3, n = 1;
        else if (req == 0x85)
            b[0] = 26, n = 2;
        else {
            r = p;
            n = 26;
        }
    } else if ((type & 0x7f) == 0x21 && !(idx & 255)) {
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
            int *set = settings[i];
            if (set[0] != idx >> 8 || set[1] != val >> 8)
                continue;
            if (req == 1) { /* SET_CUR */
                set[NOW] = rd(out, set[2]);
                ack(seq, len);
                return 0;
            }
            n = set[2];
            switch (req) {
            case 0x82: le(b, set[LEAST], n); break;
            case 0x83: le(b, set[MOST], n); break;
            case 0x84: le(b, set[STEP], n); break;
            case 0x85: le(b, n, 2), n = 2; break; /* GET_LEN */
            case 0x86: b[0] = 3, n = 1; break;    /* GET_INFO: can be read and set */
            case 0x87: le(b, set[DEFAULT], n); break;
            default: le(b, set[NOW], n);
            }
        }
    }
    if (n < 0) {
        reply(seq, -EPIPE, 0, 0, 0, 0);
        return -1;
    }
    reply(seq, 0, 0, 0, r, n < len ? n : len);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i + 3 < argc && nclip < MAXC; i += 4)
        load(argv + i, C + nclip++);
    if (!nclip) {
        fprintf(stderr, "usage: uvcsim CLIP FOURCC WxH FPS ...\n");
        return 2;
    }
    if (getenv("REFUSE"))
        refuse = getenv("REFUSE");
    descriptors();
    set_probe(probe, (uint8_t[26]){0, 0, 1, 1});
    set_probe(commit, (uint8_t[26]){0, 0, 1, 1});
    struct sigaction sa = {.sa_handler = onsig};
    sigaction(SIGUSR1, &sa, 0);
    sigaction(SIGUSR2, &sa, 0);
    sigaction(SIGTERM, &sa, 0);
    signal(SIGPIPE, SIG_IGN);
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
        die("socketpair");
    int big = 1 << 20;
    for (int i = 0; i < 2; i++)
        setsockopt(sv[i], SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
    FILE *f = fopen("/sys/devices/platform/vhci_hcd.0/attach", "w");
    if (!f)
        die("vhci_hcd attach");
    fprintf(f, "0 %d 65538 3", sv[1]);
    if (fclose(f))
        die("attach"); /* port 0, bus 1 device 2, high speed */
    close(sv[1]);
    sk = sv[0];
    double t0 = now();
    uint8_t fid = 0;
    size_t pos = 0;
    const uint8_t *fp = 0;
    size_t fl = 0;
    printf("uvcsim: %d clip(s), t0 %.9f\n", nclip, t0);
    fflush(stdout);
    while (!quit) {
        long k = (now() - t0) * 1e7 / iv;
        if (!streaming || hold)
            fp = 0;
        else if (!fp && k > last) {
            size_t i = (size_t)((double)k * iv / cur->ival + .5) % cur->n;
            fp = cur->p + cur->off[i];
            fl = cur->len[i];
            pos = 0;
            last = k;
            fid ^= 1;
        }
        while (fp && nq) { /* one payload per waiting transfer */
            size_t room = Q[0].len - 2, n = fl - pos < room ? fl - pos : room;
            uint8_t h[2] = {2, 0x80 | fid | (pos + n == fl ? 2 : 0)};
            reply(Q[0].seq, 0, h, 2, fp + pos, n);
            pos += n;
            memmove(Q, Q + 1, --nq * sizeof *Q);
            if (pos == fl)
                fp = 0;
        }
        double wait = t0 + (k + 1) * (iv / 1e7) - now();
        struct pollfd pf = {sk, POLLIN, 0};
        int w = wait < 0 ? 0 : wait * 1000 + 1;
        int pr = poll(&pf, 1, w > 100 ? 100 : w);
        if (pr <= 0)
            continue;
        uint32_t m[12];
        if (!xread(m, 48))
            break;
        uint32_t seq = m[1], ep = ntohl(m[4]), len = ntohl(m[6]);
        int in = ntohl(m[3]);
        if (ntohl(m[0]) == 2) { /* unlink */
            int found = 0;
            for (int i = 0; i < nq; i++)
                if (Q[i].seq == m[5]) {
                    memmove(Q + i, Q + i + 1, (--nq - i) * sizeof *Q);
                    found = 1;
                    break;
                }
            uint32_t r[12] = {htonl(4), seq, 0, 0, 0, found ? htonl(-ECONNRESET) : 0};
            xwrite(r, 48);
            continue;
        }
        uint8_t out[4096];
        if (!in && len) {
            if (len > sizeof out || !xread(out, len))
                break;
        }
        if (ep == 0)
            control(seq, (uint8_t *)(m + 10), out);
        else if (ep == EP && nq < 64) {
            Q[nq].seq = seq;
            Q[nq++].len = len;
        } else
            reply(seq, -EPIPE, 0, 0, 0, 0);
    }
    printf("uvcsim: unplugged\n");
    fflush(stdout);
    close(sk);
    return 0;
}
