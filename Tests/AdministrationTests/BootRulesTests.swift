import BootMachine
import BootProtocols
import Registry
import Testing

@testable import Administration

/// Each rule of the boot doctor, by the boot that makes it speak: the events go through the book of nodes, as in the
/// daemon, and time passes for it too.
@Suite struct BootRulesTests {
    private static let mac = MACAddress(value: 0x5254_0000_0001)

    /// One thing that happens: after so many seconds, what, and in which words.
    struct Happening: Sendable {
        var seconds: Int64
        var kind: BootEvent.Kind
        var detail: String

        init(_ seconds: Int64, _ kind: BootEvent.Kind, _ detail: String = "") {
            self.seconds = seconds
            self.kind = kind
            self.detail = detail
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        var course: [Happening]
        /// When one looks.
        var at: Int64
        /// When somebody switched the machine on, before the first event.
        var poweredOn: Int64?

        init(_ rule: String, at: Int64 = 120, poweredOn: Int64? = nil, _ course: [Happening]) {
            self.rule = rule
            self.course = course
            self.at = at
            self.poweredOn = poweredOn
        }

        var testDescription: String { rule }
    }

    private static func story(_ test: Case) throws -> BootStory {
        let node = NodeRecord(node: Node(mac: mac, name: "n001"), state: .registered)
        var book = NodeBook(Snapshot(nodes: [node], leases: [], attempts: [], lastAttempt: 0), unknown: .ignore)
        var events: [RecordedEvent] = []
        let start: Int64 = 1_000_000
        func keep(_ changes: [Change]) { for case .event(let event) in changes { events.append(event) } }
        for step in test.course {
            let event = BootEvent(node: mac, kind: step.kind, at: start + step.seconds * 1000, detail: step.detail)
            let power = step.kind == .discovered ? test.poweredOn.map { start - $0 * 1000 } : nil
            keep(book.receive(event, poweredOn: power))
        }
        for event in book.overdue(at: start + test.at * 1000) { keep(book.receive(event)) }
        let now = start + test.at * 1000
        guard let attempt = book.attempt(of: mac) else {
            return BootStory(stray: events.map(\.event), in: .registered, now: now)
        }
        return BootStory(attempt, events.filter { $0.attempt == attempt.id }, now: start + test.at * 1000)
    }

    private static let asked = [Happening(0, .discovered, "PXE")]
    private static let offered = asked + [Happening(0, .offered, "10.0.0.5, undionly.kpxe")]
    private static let leased = offered + [Happening(1, .leased, "10.0.0.5")]
    private static let loaded = leased + [Happening(2, .fileSent, "undionly.kpxe")]
    private static let scripted = loaded + [Happening(4, .scriptSent, "boot script for stage 1")]
    private static let kernel = scripted + [Happening(5, .fileSent, "stage1/vmlinuz")]
    private static let staged = kernel + [Happening(6, .fileSent, "stage1/initramfs.img")]
    private static let checked = staged + [Happening(12, .checkedIn, "QEMU, 2 CPUs; plan: diskless; capsule small@1")]
    private static let fetching = checked + [Happening(13, .progress, "small@1")]
    private static let handed = fetching + [Happening(20, .handingOff, "switch")]

    static let cases: [Case] = [
        Case("disabled", asked + [Happening(0, .refused, "the node is disabled")]),
        Case(
            "quarantine",
            staged + [
                Happening(12, .checkedIn, "QEMU; plan: wait; the node is in quarantine until an admin approves it")
            ]),
        Case(
            "no-capsule",
            staged + [
                Happening(12, .checkedIn, "QEMU; plan: wait; neither the node nor the server names a capsule")
            ]),
        Case(
            "capsule-missing",
            staged + [
                Happening(12, .checkedIn, "QEMU; plan: wait; there is no capsule compute@9")
            ]),
        Case(
            "pool-exhausted",
            asked + [
                Happening(0, .refused, "no address is free in 10.0.0.0/24: 10.0.0.10-10.0.0.20")
            ]),
        Case(
            "duplicate-address",
            leased + [
                Happening(2, .refused, "duplicate address: 10.0.0.5, which is leased to this machine, is used by x too")
            ]),
        Case("foreign-server", offered + [Happening(0, .foreignServer, "foreign DHCP server 10.0.0.9")]),
        Case(
            "lease-not-stored",
            offered + [
                Happening(1, .refused, "no DHCPACK for 10.0.0.5: its lease could not be stored: disk full")
            ]),
        Case(
            "flood",
            asked + [
                Happening(
                    0, .refused, "90 messages within 2 s were dropped: a machine may send 8 at once and 4 a second")
            ]),
        Case("malformed", asked + [Happening(0, .refused, "malformed DHCP message: truncated")]),
        Case(
            "no-loader",
            asked + [
                Happening(0, .refused, "no loader: put snponly-arm64.efi into the directory `loaders` of the state")
            ]),
        Case("proxy-no-address", asked + [Happening(0, .offered, "as a proxy: undionly.kpxe")]),
        Case("offer-not-taken", offered),
        Case("no-offer", asked),
        Case("no-discover", [Happening(0, .poweredOn, "on by root")]),
        Case("refused", at: 1, [Happening(0, .refused, "relay agent 10.9.0.1 is not in 10.0.0.0/24")]),
        Case("spanning-tree", poweredOn: 40, handed),
        Case("tftp-silent", leased + [Happening(9, .refused, "undionly.kpxe: the client fell silent")]),
        Case(
            "tftp-aborted",
            leased + [
                Happening(3, .refused, "snponly.efi: the client ended it: TFTP Aborted")
            ]),
        Case(
            "script-stranger",
            loaded + [
                Happening(
                    4, .refused, "its boot script was asked for by 10.0.0.9, which holds no lease of this machine")
            ]),
        Case(
            "binl-no-answer",
            asked + [
                Happening(0, .offered, "10.0.0.5 to PXE firmware, to ask on port 4011"),
                Happening(1, .leased, "10.0.0.5"),
            ]),
        Case("no-file-asked", leased),
        Case("loader-no-script", loaded),
        Case("script-repeated", scripted + (5...9).map { Happening($0, .scriptSent, "boot script for stage 1") }),
        Case("kernel-not-fetched", scripted),
        Case("initramfs-not-fetched", kernel),
        Case(
            "no-driver",
            checked + [
                Happening(13, .progress, "earlier: network: no network card was found: stage 1 may lack its driver")
            ]),
        Case("no-carrier", checked + [Happening(13, .progress, "earlier: network: no carrier on eth0 after 30 s")]),
        Case("no-check-in", staged),
        Case(
            "untrusted-key",
            checked + [
                Happening(13, .failed, "capsule: the manifest is signed with key ab, which is not trusted here")
            ]),
        Case(
            "expired",
            checked + [
                Happening(13, .failed, "capsule: the manifest is signed with key ab, which expired at 1")
            ]),
        Case(
            "memory",
            checked + [
                Happening(13, .failed, "root: small@1 needs 800 MiB of memory to assemble, 400 MiB are available")
            ]),
        Case("damaged", fetching + (14...16).map { Happening($0, .chunkRejected, "chunk 7") }),
        Case("unsteady", fetching + (14...16).map { Happening($0, .transferResumed, "reset by peer") }),
        Case("pre-install", fetching + [Happening(14, .failed, "script: script pre-install/10-a ended with status 1")]),
        Case(
            "post-install", fetching + [Happening(14, .failed, "script: script post-install/10-a ended with status 1")]),
        Case("script-failed", fetching + [Happening(14, .failed, "script: 10-users ended with 1")]),
        Case("kexec-refused", fetching + [Happening(14, .failed, "handoff: the kernel refuses kexec (EPERM)")]),
        Case(
            "kernel-mismatch",
            staged + [
                Happening(12, .checkedIn, "QEMU; plan: wait; switch is asked for, but stage 1 runs kernel 6.1")
            ]),
        Case("stopped-midway", at: 1200, fetching),
        Case("stopped-after-check-in", at: 1200, checked),
        Case(
            "slow-transfer", at: 500,
            fetching + [Happening(400, .handingOff, "switch")]),
        Case("never-ready", at: 1200, handed),
        Case("silent", at: 1200, handed + [Happening(30, .ready, "small@1")]),
        Case("failed", fetching + [Happening(14, .failed, "root: something else")]),
        Case("under-way", at: 13, fetching),
        Case("ready", handed + [Happening(30, .ready, "small@1"), Happening(110, .heartbeat)]),
    ]

    @Test(arguments: cases)
    func speaksWhereItShould(test: Case) throws {
        let story = try Self.story(test)
        let found = BootRule.findings(in: story).map(\.name)
        #expect(found.first == test.rule, Comment(rawValue: "found \(found), state \(story.state)"))
    }

    @Test func everyRuleHasACase() {
        #expect(Set(Self.cases.map(\.rule)) == Set(BootRule.all.map(\.name)))
        #expect(BootRule.all.count >= 20 && Set(BootRule.all.map(\.name)).count == BootRule.all.count)
    }

    @Test func aGoodBootHasNothingToSay() throws {
        let story = try Self.story(
            Case("ready", Self.handed + [Happening(30, .ready, "small@1"), Happening(110, .heartbeat)]))
        #expect(BootRule.findings(in: story).map(\.name) == ["ready"])
    }

    @Test func whatHinderedAMachineThatIsReadyFollows() throws {
        let story = try Self.story(Case("ready", poweredOn: 40, Self.handed + [Happening(30, .ready, "small@1")]))
        #expect(BootRule.findings(in: story).map(\.name) == ["ready", "spanning-tree"])
    }
}
