public import ArgumentParser
public import BootLab
import BootMachine
import BootProtocols
import CapsuleStore
import Foundation
import Registry

struct LabBoot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot", abstract: "Switches a virtual machine on and follows it to ready.",
        discussion: """
            Prepares what is missing (keys, stage 1, the capsule), starts `perseid serve` on a bridge of its own, \
            switches a machine on, and shows its timeline. The last line is

              ready NODE MAC CAPSULE@GENERATION in SECONDS s

            counted from power-on. Anything else ends with another status than 0, the step that failed, and the last \
            lines of the machine's console. The packets that the server heard of it are in STATE/lab/n001.pcap.

            Example: perseid lab boot --state .work --firmware uefi --capsule small
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var kit: LabKit
    @Option(help: "bios, bios-pxe, uefi, uefi-http, uefi-https, uefi-secureboot or uefi-arm64.")
    var firmware = Firmware.bios
    @Option(help: "debian, small, or a capsule of the store.")
    var capsule = "debian"
    @Option(help: "auto, switch or kexec.")
    var handoff = "auto"
    @Option(help: "server; proxy: dnsmasq on a host of its own gives the addresses; off: it names the boot files too.")
    var dhcp = DHCPMode.server
    @Option(help: "As of `perseid serve`: MACs whose UEFI is to ask for its file on port 4011.")
    var binl: String?
    @Option(help: "Memory of the machine in MiB.")
    var memory = 2048
    @Option(help: "Seconds after which the machine counts as lost.")
    var timeout = 300
    @Flag(help: "Give the machine an empty disk that keeps chunks, and boot it twice; behind those that it installs.")
    var cacheDisk = false
    @Option(help: "With --cache-disk: boot this one, too, after the others. May be given several times.")
    var nextCapsule: [String] = []
    @Option(help: "diskless, or disk: install on an empty disk, boot from it, and boot from it again.")
    var provider = LabProvider.diskless
    @Option(help: "With --provider disk: the layout's file. Without: one disk, as the firmware wants it.")
    var layout: String?
    @Option(help: "With --provider disk: virtio, nvme or scsi.")
    var diskKind = MachineConfiguration.DiskKind.virtio
    @Option(help: "With --provider disk: how many disks of 6 GB the machine has.")
    var disks = 1
    @Option(help: "With --provider disk: which of them, from 1, is gone when the machine is switched on again.")
    var pullDisk: Int?
    @Option(
        help:
            "With --provider disk: before all else cut the power when the timeline says this. May be given several times."
    )
    var cutAt: [String] = []
    @OptionGroup var wish: InstallWishOptions
    @Option(
        help: "LINE=>KEYS: when the console shows a line with LINE, type KEYS and Enter. May be given several times.")
    var answer: [String] = []
    @Option(help: "Seconds for which the machine stays on after it is ready.")
    var linger = 0
    @Option(help: "End when the console shows a line with this, not when the node is ready.")
    var untilLine: String?
    @Option(
        help:
            "First boot this once, until the console shows it (--until-line: another line), then boot as ever: local, memtest, rescue or shell.",
        transform: Self.nextBoot)
    var nextBoot: NextBoot.Target?
    @Option(help: "Stop the server when the node gets to this state, and start it again after 4 s: a test of resuming.")
    var stopServerIn: String?

    func validate() throws {
        guard handoff == "auto" || Plan.Handoff(rawValue: handoff) != nil else {
            throw ValidationError("`\(handoff)` is neither auto, switch nor kexec")
        }
        guard stopServerIn == nil || stopServerIn.flatMap(NodeState.init(rawValue:)) != nil else {
            throw ValidationError("there is no state `\(stopServerIn ?? "")`")
        }
        guard (1...8).contains(disks) else { throw ValidationError("a machine has 1 to 8 disks here") }
        guard pullDisk.map({ (1...disks).contains($0) && disks > 1 }) ?? true else {
            throw ValidationError("--pull-disk is one of at least two --disks")
        }
        guard nextBoot == nil || provider == .diskless && !cacheDisk else {
            throw ValidationError("--next-boot is for a machine without disks of the lab's")
        }
        guard nextCapsule.isEmpty || cacheDisk && provider == .diskless else {
            throw ValidationError("--next-capsule goes with --cache-disk")
        }
        guard (256...65_536).contains(memory) else { throw ValidationError("memory is 256 to 65536 MiB") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let state = try state.open()
        guard LabNamespace.isInside else {
            try await kit.prepare(capsule: capsule, firmware: firmware, in: state)
            if nextBoot == .memtest {
                try await LoaderPackages(state).fetchMissing(Loaders.memtest)
                try Loaders.install(Loaders.memtest, of: "memtest", .amd64, in: state)
            }
            // The inner program does the rest; this one waits and takes its status over.
            throw ExitCode(try LabNamespace.enter() ?? 0)
        }
        let capsules = cacheDisk || provider == .disk ? [capsule, capsule] + nextCapsule : [capsule]
        if provider == .disk { try InstallLab.write(layout, for: firmware, kind: diskKind, in: state) }
        let images = provider == .disk ? try await InstallLab.makeDisks(disks, in: state) : []
        let directory = try LabDirectory(creating: state.path + "/lab")
        var disks = cacheDisk ? [try await CacheDiskImage.make(in: directory)] : []
        if nextBoot == .local { disks.append(try DiskOfItsOwn.make(in: directory)) }
        var boots = capsules.map { BootCourse.Boot(firmware: firmware, capsule: $0) }
        if let nextBoot {
            let next = NextBootLab(nextBoot, firmware, line: untilLine)
            boots.insert(BootCourse.Boot(firmware: firmware, capsule: capsule, next: next), at: 0)
        }
        var course = BootCourse(
            state: state, kit: kit, boots: boots,
            handoff: Plan.Handoff(rawValue: handoff), dhcp: dhcp, binl: binl, memoryMiB: memory,
            timeout: .seconds(provider == .disk ? max(timeout, 1200) : timeout), disks: images + disks,
            linger: .seconds(max(0, min(linger, 86_400))), consoleLine: nextBoot == nil ? untilLine : nil,
            stopServerIn: stopServerIn.flatMap(NodeState.init(rawValue:)))
        course.installs = provider == .disk
        course.diskKind = diskKind
        course.cuts = cutAt
        course.pulledDisk = pullDisk.map { $0 - 1 }
        course.wishes = try wish.wishes
        course.answers = try answers()
        for (boot, timeline) in zip(boots, try await course.run()) {
            print(timeline.text)
            if let line = boot.next?.line ?? course.consoleLine {
                print("the console showed: \(line)")
                continue
            }
            let seconds = String(format: "%.1f", timeline.secondsToReady ?? 0)
            let name = "\(timeline.node.name) \(timeline.node.mac) \(timeline.attempt.capsule ?? "?")"
            let fetched = !cacheDisk ? "" : ", \(timeline.chunkBytes) bytes of chunks fetched"
            print("ready \(name) in \(seconds) s\(fetched)")
        }
    }

    private func answers() throws -> [(line: String, keys: String)] {
        try answer.map { text in
            guard let sign = text.firstRange(of: "=>") else { throw ValidationError("`\(text)` is not LINE=>KEYS") }
            return (String(text[..<sign.lowerBound]), String(text[sign.upperBound...]))
        }
    }

    private static func nextBoot(_ text: String) throws -> NextBoot.Target {
        let target = try NextBoot.Target(text: text)
        guard [.local, .memtest, .rescue, .shell].contains(target) else {
            throw ValidationError("the lab boots local, memtest, rescue or shell for once")
        }
        return target
    }
}

extension Firmware: ExpressibleByArgument {}

extension DHCPMode: ExpressibleByArgument {}

/// What the lab's machine is to become.
enum LabProvider: String, CaseIterable, ExpressibleByArgument {
    case diskless, disk
}

extension MachineConfiguration.DiskKind: ExpressibleByArgument {}
