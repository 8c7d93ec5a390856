import BootMachine

extension BootRule {
    /// All rules. The first that holds names the likely cause, the others that hold follow it: what stands higher
    /// explains more.
    public static let all = admission + address + loader + stage1 + provisioning + afterwards

    /// The server did not let the node in, or had nothing for it.
    private static let admission = [
        BootRule(
            name: "disabled",
            signs: [
                .any([
                    .latest(.checkedIn, "the node is disabled"),
                    .all([.seen(.refused, "the node is disabled"), .never(.scriptSent), .never(.checkedIn)]),
                ])
            ],
            cause: "The node is disabled.",
            advice: "perseid node enable NODE"),
        BootRule(
            name: "quarantine", signs: [.latest(.checkedIn, "in quarantine")],
            cause: "Nobody has approved this machine: it waits in quarantine.",
            advice: "perseid node approve NODE --name NAME"),
        BootRule(
            name: "no-capsule", signs: [.latest(.checkedIn, "names a capsule")],
            cause: "Neither the node nor a group nor the server names a capsule.",
            advice: "perseid node set NODE --capsule NAME:CHANNEL"),
        BootRule(
            name: "kernel-mismatch", signs: [.latest(.checkedIn, "switch is asked for, but")],
            cause: "switch is asked for, and stage 1 runs another kernel than the capsule brings.",
            advice: "perseid stage1 build from that capsule, or handoff: auto"),
        BootRule(
            name: "expired", signs: [.failed("expired at")],
            cause: "The capsule or the key that signed it has expired, or the node's clock is wrong.",
            advice: "build the capsule again; look at the clocks of server and node"),
        BootRule(
            name: "capsule-missing", signs: [.latest(.checkedIn, "plan: wait")],
            cause: "The server has nothing to boot for this node; the check-in says why.",
            advice: "perseid capsule list; perseid node show NODE --explain"),
    ]

    /// DHCP.
    private static let address = [
        BootRule(
            name: "pool-exhausted", signs: [.seen(.refused, "no address is free")],
            cause: "No address was free in the pool.",
            advice: "make the pool larger, or leases shorter (pool, leaseSeconds)"),
        BootRule(
            name: "duplicate-address", signs: [.seen(.refused, "duplicate address")],
            cause: "Another host uses the address that this node was given.",
            advice: "find it by its MAC in the switch's tables; move it, or take its address out of the pool"),
        BootRule(
            name: "foreign-server", signs: [.seen(.foreignServer), .never(.scriptSent)],
            cause: "Another DHCP server answered this node, and it went with that one.",
            advice: "stop that server, or serve beside it: dhcp: proxy"),
        BootRule(
            name: "lease-not-stored", signs: [.seen(.refused, "could not be stored")],
            cause: "The lease could not be written to disk, so it was not acknowledged.",
            advice: "look for room on the file system of the state: perseid doctor"),
        BootRule(
            name: "flood", signs: [.seen(.refused, "were dropped: a machine may send")],
            cause: "This machine sends more DHCP messages than any boot does; those above the limit are dropped.",
            advice: "look at what runs on it: perseid dhcp capture NODE"),
        BootRule(
            name: "malformed", signs: [.seen(.refused, "malformed DHCP message")],
            cause: "The machine's DHCP messages do not read.",
            advice: "perseid dhcp capture NODE -o FILE, and look at them; update its firmware"),
        BootRule(
            name: "no-loader", signs: [.seen(.refused, "into the directory `loaders`")],
            cause: "The server has no loader for this kind of machine.",
            advice: "put the file that the event names there, and start the server again"),
        BootRule(
            name: "proxy-no-address",
            signs: [.seen(.offered, "as a proxy"), .never(.addressSeen), .never(.scriptSent)],
            cause: "Perseid serves as a proxy, and the DHCP server beside it gave the machine no address.",
            advice: "look at that server's log and pool"),
        BootRule(
            name: "offer-not-taken",
            signs: [.seen(.offered), .never(.leased), .never(.addressSeen), .quiet(seconds: 20)],
            cause:
                "An address was offered and not requested: the offer was not seen, or another server answered first.",
            advice: "perseid doctor; a VLAN that lets nothing back, DHCP snooping on the switch, or a second server"),
        BootRule(
            name: "no-offer",
            signs: [
                .any([.seen(.discovered), .seen(.refused)]), .never(.offered), .never(.addressSeen),
                .never(.scriptSent), .quiet(seconds: 10),
            ],
            cause: "The machine asked for an address and was offered none.",
            advice: "what is refused stands in the timeline; perseid node show NODE --explain"),
        BootRule(
            name: "no-discover",
            signs: [.seen(.poweredOn), .never(.discovered), .never(.scriptSent), .quiet(seconds: 90)],
            cause: "The machine was switched on, and no DISCOVER of it arrived.",
            advice:
                "set its firmware to boot from the network first; check cable, VLAN and its MAC address: perseid dhcp watch"
        ),
        BootRule(
            name: "spanning-tree", signs: [.lateAfterZero(.discovered, seconds: 25)],
            cause: "From power-on to the first DISCOVER over 25 s passed: the switch port is slow to forward.",
            advice: "set the port to be an edge port (spanning tree portfast)"),
    ]

    /// From the address to stage 1's kernel.
    private static let loader = [
        BootRule(
            name: "tftp-silent", signs: [.seen(.refused, "the client fell silent")],
            cause: "A transfer by TFTP broke off: the machine did not answer any more.",
            advice: "look for loss and for the MTU on the way; a firewall may stop the second port (tftpPorts: single)"),
        BootRule(
            name: "tftp-aborted", signs: [.seen(.refused, "the client ended it"), .never(.scriptSent)],
            cause: "The machine's firmware broke off the transfer of its loader.",
            advice: "the event has its words; try another loader (--loader)"),
        BootRule(
            name: "script-stranger", signs: [.seen(.refused, "holds no lease of this machine")],
            cause: "The boot script was asked for from an address that is not this machine's.",
            advice: "no NAT between node and server; with another DHCP server: dhcp: proxy"),
        BootRule(
            name: "binl-no-answer",
            signs: [
                .seen(.offered, "to ask on port 4011"), .never(.fileSent), .never(.scriptSent), .quiet(seconds: 20),
            ],
            cause: "The firmware was sent to port 4011 for its file, and nothing came back from it.",
            advice: "open UDP 4011 between node and server"),
        BootRule(
            name: "no-file-asked",
            signs: [.seen(.leased), .never(.fileSent), .never(.scriptSent), .never(.checkedIn), .quiet(seconds: 20)],
            cause: "The machine has an address, and asked for no file.",
            advice: "open UDP 69 and TCP 8987 to the server; check that the firmware boots from this interface"),
        BootRule(
            name: "loader-no-script",
            signs: [.seen(.fileSent), .never(.scriptSent), .never(.checkedIn), .quiet(seconds: 30)],
            cause: "The loader was sent, and never asked for its script: it did not start, or sees no network.",
            advice: "try another loader (--loader), or undionly for BIOS; Secure Boot wants --loader shim"),
        BootRule(
            name: "script-repeated", signs: [.often(.scriptSent, atLeast: 4), .never(.checkedIn)],
            cause: "The loader asks for its script again and again: stage 1 does not load.",
            advice: "open TCP 8987 to the server; perseid stage1 build"),
        BootRule(
            name: "kernel-not-fetched",
            signs: [.seen(.scriptSent), .never(.fileSent, "vmlinuz"), .never(.checkedIn), .quiet(seconds: 30)],
            cause: "The loader has its script, and never fetched stage 1's kernel.",
            advice: "open TCP 8987 to the server; watch the machine's console"),
        BootRule(
            name: "initramfs-not-fetched",
            signs: [
                .seen(.fileSent, "vmlinuz"), .never(.fileSent, "initramfs"), .never(.checkedIn), .quiet(seconds: 30),
            ],
            cause:
                "Stage 1's kernel was sent, and its initramfs was not fetched: too little memory for both, or a break.",
            advice: "stage 1 takes 512 MiB; watch the machine's console"),
    ]

    /// Stage 1 until its check-in.
    private static let stage1 = [
        BootRule(
            name: "no-driver", signs: [.seen(.progress, "stage 1 may lack its driver")],
            cause: "Stage 1 found no network card at first: its driver came late, or the card did.",
            advice: "perseid stage1 build with a kernel that has its driver"),
        BootRule(
            name: "no-carrier", signs: [.seen(.progress, "no carrier on")],
            cause: "Stage 1 found no link on the network card for a while.",
            advice: "check cable and switch port"),
        BootRule(
            name: "no-check-in",
            signs: [.seen(.fileSent, "initramfs"), .never(.checkedIn), .quiet(seconds: 60)],
            cause: "Stage 1 was sent whole, and never checked in: no driver, wrong VLAN, or a kernel that stops.",
            advice: "watch the machine's console (--console); the port must be in the VLAN without a tag"),
        BootRule(
            name: "untrusted-key", signs: [.failed("is not trusted here")],
            cause: "Stage 1 does not trust the key that signed the capsule.",
            advice: "perseid stage1 build, then start the server again"),
    ]

    /// Fetching and assembling.
    private static let provisioning = [
        BootRule(
            name: "memory", signs: [.failed("of memory to assemble")],
            cause: "The capsule needs more memory than the node has.",
            advice: "a smaller capsule (hybrid), or more memory"),
        BootRule(
            name: "damaged",
            signs: [.any([.often(.chunkRejected, atLeast: 3), .failed("its copy on the server is damaged")])],
            cause: "Chunks failed verification again and again: bytes are damaged on the server's disk or on the way.",
            advice:
                "perseid capsule verify; build the capsule again; test the node's memory: perseid boot set NODE memtest"
        ),
        BootRule(
            name: "unsteady", signs: [.often(.transferResumed, atLeast: 3)],
            cause: "The transfer broke off several times.",
            advice: "look at the port's error counters, the cable, and the server's load"),
        BootRule(
            name: "pre-install", signs: [.failed("script pre-install/")],
            cause: "A script that runs before the install failed; nothing was written.",
            advice: "its output stands in the event; mend it in STATE/nodescripts/pre-install, and boot the node again"),
        BootRule(
            name: "post-install", signs: [.failed("script post-install/")],
            cause: "A script that runs at the end of the install failed; the order stays open.",
            advice: "its output stands in the event; perseid node install NODE --break scripts gives a shell before it"),
        BootRule(
            name: "script-failed", signs: [.failed("script: ")],
            cause: "A node script, or a command of the install, failed.",
            advice: "its output stands in the event; run it by hand in the capsule"),
        BootRule(
            name: "kexec-refused", signs: [.failed("the kernel refuses kexec")],
            cause: "Secure Boot lets no unsigned kernel be started by kexec.",
            advice: "handoff: switch with stage 1 built from the capsule's kernel, or a signed kernel"),
        BootRule(
            name: "stopped-midway", signs: [.failed("in state provisioning")],
            cause: "The node fell silent while it fetched its capsule: power, a crash, or the network.",
            advice: "watch its console; look at the port's counters"),
        BootRule(
            name: "stopped-after-check-in", signs: [.failed("in state init")],
            cause: "The node checked in and was not heard of again.",
            advice: "watch its console; perseid dhcp capture NODE"),
        BootRule(
            name: "slow-transfer", signs: [.slow(.checkedIn, to: .handingOff, seconds: 300)],
            cause: "To fetch the capsule took more than five minutes.",
            advice: "look at the link's speed (100 Mbit/s?), at nodeRate, and at how many nodes boot at once"),
    ]

    /// The runtime OS.
    private static let afterwards = [
        BootRule(
            name: "never-ready",
            signs: [
                .seen(.handingOff), .never(.ready), .state([.handoff, .failed]), .since(.handingOff, seconds: 120),
            ],
            cause: "Stage 1 handed over, and the runtime OS did not come up.",
            advice: "watch its console: a missing driver, a unit that hangs, or no systemd in the capsule"),
        BootRule(
            name: "silent", signs: [.state([.silent])],
            cause: "The node was ready, and its heartbeat stopped: power, a crash, or the network.",
            advice: "look at its console and its power; ping it"),
        BootRule(
            name: "failed", signs: [.state([.failed])], cause: "The attempt failed; the node says why.",
            advice: "perseid timeline NODE has all of it"),
        BootRule(
            name: "refused", signs: [.seen(.refused), .never(.discovered), .never(.offered), .never(.scriptSent)],
            cause: "What the machine asked for was refused.", advice: "the steps say what, and why"),
        BootRule(
            name: "under-way", signs: [.state([.registered, .netboot, .loader, .`init`, .provisioning, .handoff])],
            cause: "It is on its way.", advice: "perseid watch NODE"),
        BootRule(name: ready, signs: [.state([.ready])], cause: "It is ready.", advice: "nothing"),
    ]
}
