import BootLab
import BootMachine
import BootProtocols
import ControlPlane
import Foundation
import PacketIO
import Registry
import RegistrySQLite

/// One machine from power-on to ready, once or several times, with a server of its own, inside the lab's namespaces.
struct BootCourse: Sendable {
    /// One time that the machine is switched on.
    struct Boot: Sendable {
        var firmware: Firmware
        var capsule: String
        /// What it boots for once in place of that.
        var next: NextBootLab?
    }

    let state: StateDirectory
    let kit: LabKit
    let boots: [Boot]
    let handoff: Plan.Handoff?
    var dhcp = DHCPMode.server
    /// Machines whose UEFI is offered to ask on port 4011.
    var binl: String?
    let memoryMiB: Int
    let timeout: Duration
    /// Images of disks that the machine keeps from boot to boot.
    let disks: [String]
    /// Its disks are installed by the first boot, and booted from by all others.
    var installs = false
    var wishes = InstallWishes()
    /// What is typed when the console shows a line with a text, once each.
    var answers: [(line: String, keys: String)] = []
    var diskKind = MachineConfiguration.DiskKind.virtio
    /// Which of `disks` is gone once they are installed.
    var pulledDisk: Int?
    /// Before all boots the machine is switched on so often, and its power is cut when its timeline says one of these.
    var cuts: [String] = []
    /// How long the machine stays on after it is ready.
    var linger = Duration.zero
    /// The course ends, well, when the console shows a line with this, not when the node is ready.
    var consoleLine: String?
    /// The server is stopped when the node gets to this state, and started again a little later.
    let stopServerIn: NodeState?

    private static let mac = MACAddress(value: 0x5254_0012_3456)
    private static let name = "n001"

    /// What did not happen, and what the console said last.
    struct Failure: Error, CustomStringConvertible {
        let step: String
        let console: [String]
        let log: String

        var description: String {
            "\(step)\nthe console's last lines (all of it: \(log)):\n"
                + console.map { "  | \($0)" }.joined(separator: "\n")
        }
    }

    /// Gives the timeline of each boot. The first that does not get to ready is an error.
    /// - Parameter networkIsUp: a course before this one made the lab's network.
    func run(networkIsUp: Bool = false) async throws -> [Timeline] {
        let registry = try state.openRegistry()
        let network = LabNetwork.standard
        if !networkIsUp {
            try await network.bringUp()
            try await network.addTap("tap0")
        }
        let logs = try LabDirectory(creating: state.path + "/lab")
        for boot in boots.prefix(1) {
            try registry.write([.node(node(boot)), .forgetInstall(Self.mac)])
            if installs { try registry.write([.askInstall(Self.mac, at: wallMilliseconds(), wishes)]) }
        }
        return try await whileLeasing(on: network, logs) { try await bootAll(network, logs, registry) }
    }

    private func bootAll(
        _ network: LabNetwork, _ logs: LabDirectory, _ registry: SQLiteStore
    ) async throws -> [Timeline] {
        try await whileServing(network, logs, registry) {
            var timelines: [Timeline] = []
            for (cut, boot) in cuts.compactMap({ cut in boots.first.map { (cut, $0) } }) {
                _ = try await run(boot, logs, registry, cutAt: cut)
                say("         the power was cut at: \(cut)")
            }
            for (number, boot) in boots.enumerated() {
                if boots.count > 1 { say("boot \(number + 1): \(boot.firmware.rawValue), \(boot.capsule)") }
                let isFirst = number == 0
                var timeline = try await run(boot, logs, registry, isInstalled: installs && !isFirst)
                // It ended in the middle: there is nothing to boot from yet.
                if installs, consoleLine != nil { return [timeline] }
                if isFirst, switchesItselfOff { continue }
                if installs { timeline = try checked(timeline, isFirst: isFirst) }
                timelines.append(timeline)
            }
            return timelines
        }
    }

    /// A machine that is installed boots from its disk, and installs nothing again. One that starts its kernel by kexec
    /// does so within the attempt that installed it.
    private func checked(_ timeline: Timeline, isFirst: Bool) throws -> Timeline {
        let all = timeline.events.map(\.event.kind)
        let kinds: [BootEvent.Kind]
        if isFirst, wishes.afterwards == .kexec, let end = all.firstIndex(of: .installed) {
            kinds = Array(all[(end + 1)...])
        } else {
            kinds = all
        }
        guard kinds.contains(.localBoot), !kinds.contains(.installed) else {
            throw Failure(
                step: "ready, but not from its disk: \(kinds.map(\.rawValue).joined(separator: ", "))", console: [],
                log: "")
        }
        return timeline
    }

    private func node(_ boot: Boot) -> Node {
        var node = Node(mac: Self.mac, name: Self.name, capsule: boot.capsule, handoff: handoff)
        node.nextBoot = boot.next.map { NextBoot($0.target, .once) }
        return node
    }

    private func run(
        _ boot: Boot, _ logs: LabDirectory, _ registry: SQLiteStore, cutAt cut: String? = nil, isInstalled: Bool = false
    ) async throws -> Timeline {
        let node = node(boot)
        if boot.next == nil, let left = try registry.nodes().first(where: { $0.node.mac == node.mac })?.node.nextBoot {
            throw Failure(step: "what was for once is still to come: \(left.text)", console: [], log: "")
        }
        if try registry.nodes().first(where: { $0.node.mac == node.mac })?.node != node {
            try registry.write([.node(node)])
            // The server looks once a second whether somebody changed its nodes.
            try await Task.sleep(for: .seconds(2))
        }
        var machine = MachineConfiguration(
            name: node.name, start: .firmware(boot.firmware), mac: node.mac, memoryMiB: memoryMiB, disks: disks)
        if isInstalled, let pulledDisk {
            machine.disks.remove(at: pulledDisk)
            say("         disk \(pulledDisk + 1) was pulled out")
        }
        machine.diskKind = diskKind
        machine.bootsDisks = installs || boots.contains { $0.next?.target == .local }
        machine.keepsVariables = installs
        if boot.firmware == .uefiHTTPS { machine.trustedCertificates = try trustedCertificates(logs) }
        let began = wallMilliseconds()
        let powerOn = BootEvent(
            node: node.mac, kind: .poweredOn, at: began, detail: "\(boot.firmware.rawValue), QEMU")
        try registry.write([.event(RecordedEvent(event: powerOn, attempt: nil, state: .registered))])
        do {
            return try await VirtualMachine.withPower(machine, directory: logs) { machine in
                let timeline = try await follow(
                    node, since: began, machine, registry, until: boot.next?.line ?? consoleLine, cutAt: cut)
                await saveCapture(logs)
                return timeline
            }
        } catch {
            guard switchesItselfOff, !isInstalled, case LabError.programEnded = error,
                let timeline = try Timeline(of: node, attempt: nil, in: registry),
                timeline.events.contains(where: { $0.event.kind == .installed && $0.event.at >= began })
            else { throw error }
            for recorded in timeline.events.suffix(2) {
                say("         \(recorded.event.kind) \(recorded.event.detail)")
            }
            say("         the machine switched itself off")
            return timeline
        }
    }

    private var switchesItselfOff: Bool { installs && wishes.afterwards == .shutdown }

    /// What the firmware is told to trust: the authority of the server, which has made it by now.
    private func trustedCertificates(_ logs: LabDirectory) throws -> String {
        let authority = try FileDescriptor.open(BootAuthority(in: state).certificateDER, O_RDONLY).readAll()
        let path = logs.file("cacerts.esl")
        try Data(SignatureList(certificates: [authority]).bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Runs `body` beside another DHCP server, if the course wants one.
    private func whileLeasing(
        on network: LabNetwork, _ logs: LabDirectory, _ body: @escaping @Sendable () async throws -> [Timeline]
    ) async throws -> [Timeline] {
        switch dhcp {
        case .server: return try await body()
        case .proxy: return try await AddressServer(network).running(in: logs, body)
        case .off:
            let plane = "http://\(network.address):8987/boot/"
            let files = AddressServer.BootFiles(
                bios: "undionly.kpxe", uefi: "snponly.efi", uefiHTTP: plane + "snponly.efi",
                script: plane + "script/${net0/mac:hexhyp}.ipxe")
            return try await AddressServer(network, giving: files).running(in: logs, body)
        }
    }

    /// Keeps what the server heard of the machine, for who looks at the boot afterwards.
    private func saveCapture(_ logs: LabDirectory) async {
        let client = ControlClient(path: ControlSocketPath.present(state.path))
        let path = logs.file("\(Self.name).pcap")
        do {
            try Data(await client.get("/api/v1/captures/\(Self.name)")).write(to: URL(fileURLWithPath: path))
        } catch {
            say("no capture of the machine's packets: \(error)")
        }
    }

    /// Runs `body` beside a server that listens, and that is away for a while if the course wants that.
    private func whileServing(
        _ network: LabNetwork, _ logs: LabDirectory, _ registry: SQLiteStore,
        _ body: @escaping @Sendable () async throws -> [Timeline]
    ) async throws -> [Timeline] {
        let log = try Transcript(of: "perseid serve", log: logs.file("serve.log"))
        let server = kit.server(
            on: network, state: state.path, for: boots.first?.firmware, dhcp: dhcp, binl: binl)
        guard let stopServerIn else {
            return try await server.running(into: log) {
                try await Self.listening(log)
                return try await body()
            }
        }
        let second = try Transcript(of: "perseid serve, again", log: logs.file("serve-again.log"))
        return try await withThrowingTaskGroup(of: [Timeline]?.self) { group in
            group.addTask {
                try await server.running(into: log) {
                    while try registry.nodes().first(where: { $0.node.mac == Self.mac })?.state != stopServerIn {
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                say("         the server was stopped")
                try await Task.sleep(for: Self.absence)
                try await server.running(into: second) {
                    try await Self.listening(second)
                    say("         the server is back")
                    try await Task.sleep(for: .seconds(86_400))
                }
                return nil
            }
            try await Self.listening(log)
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// How long a stopped server is away: long enough for requests to fail, short enough for a test.
    private static let absence = Duration.seconds(4)

    private static func listening(_ log: Transcript) async throws {
        _ = try await log.line(containing: "serving ", within: .seconds(30))
    }

    /// Shows events as they come, until the node is ready or the time is over.
    private func follow(
        _ node: Node, since began: Int64, _ machine: VirtualMachine, _ registry: SQLiteStore,
        until consoleLine: String?, cutAt cut: String?
    ) async throws -> Timeline {
        let deadline = ContinuousClock.now + timeout
        var shown = 0
        var attempt: Int64 = 0
        var failures = 0
        var last = "nothing: no DISCOVER came"
        var answers = answers
        while ContinuousClock.now < deadline {
            if let timeline = try Timeline(of: node, attempt: nil, in: registry), timeline.attempt.began >= began {
                if timeline.attempt.id != attempt { shown = 0 }
                attempt = timeline.attempt.id
                for recorded in timeline.events.dropFirst(shown) {
                    let seconds = String(format: "%7.2f", timeline.seconds(recorded.event.at))
                    last = "\(recorded.event.kind.rawValue) \(recorded.event.detail)"
                    say("\(seconds) s  \(last)")
                    if let cut, recorded.event.detail.contains(cut) { return timeline }
                    if [.failed, .timedOut].contains(recorded.event.kind) { failures += 1 }
                }
                shown = max(shown, timeline.events.count)
                if timeline.attempt.state == .ready {
                    // The cache disk is written back then, and a machine whose power goes at once loses that.
                    try await Task.sleep(for: disks.isEmpty ? linger : max(linger, .seconds(5)))
                    return timeline
                }
                if let consoleLine, machine.console.lines.contains(where: { $0.text.contains(consoleLine) }) {
                    return timeline
                }
                guard failures < Self.tries else {
                    throw failure("failed \(failures) times; the last time: \(last)", machine)
                }
            }
            if let first = answers.first,
                machine.console.lines.contains(where: { $0.text.contains(first.line) })
            {
                say("         typed: \(first.keys)")
                try machine.keyboard.type(first.keys + "\n")
                answers.removeFirst()
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw failure("not ready after \(timeout.components.seconds) s; the last step was \(last)", machine)
    }

    /// A node tries again by itself after a failure; one that fails for the second time would go on so for ever.
    private static let tries = 2

    private func failure(_ step: String, _ machine: VirtualMachine) -> Failure {
        Failure(step: step, console: machine.console.lastLines(20), log: machine.console.logPath)
    }
}
