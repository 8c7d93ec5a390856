import BootLab
import BootMachine
import CapsuleFormat
import CapsuleStore
import Foundation
import Registry

/// An install, and the same bytes written by dd(1) and unsquashfs(1) in the same machine, to the same disk.
struct InstallBench: Sendable {
    let state: StateDirectory
    let kit: LabKit
    let firmware: Firmware
    let capsule: String

    /// Seconds.
    struct Round: Sendable {
        /// From the first write, the partition table, to the report that it is installed.
        var install: Double
        /// Of these: without making and mounting file systems, and without boot loader and unmounting.
        var filling: Double
        var dd: Double
        var unsquashfs: Double

        var ratio: Double { install / max(0.001, dd + unsquashfs) }
    }

    func run(networkIsUp: Bool) async throws -> Round {
        try InstallLab.write(nil, for: firmware, kind: .virtio, in: state)
        let installed = try await course([try await emptyDisk()], until: "installed \(capsule)").run(
            networkIsUp: networkIsUp)
        let events = installed.first?.events.map(\.event) ?? []
        let disks = [try await emptyDisk(), try await referenceDisk()]
        var reference = course(disks, until: "reference: over")
        reference.wishes.breakpoints = [.fetch]
        reference.answers = [
            (
                "breakpoint before fetch",
                "mkdir -p /mnt; mount -t squashfs -o ro /dev/vdb /mnt; sh /mnt/reference.sh"
            )
        ]
        _ = try await reference.run(networkIsUp: true)
        let times = try Self.times(ofConsole: state.path + "/lab/n001.console")
        return Round(
            install: try Self.seconds(events, from: "partitioning: partition", to: "installed "),
            filling: try Self.seconds(events, from: "imaging: beginning", to: "finalizing: making"),
            dd: times.dd, unsquashfs: times.unsquashfs)
    }

    private func course(_ disks: [String], until line: String) -> BootCourse {
        BootCourse(
            state: state, kit: kit, boots: [.init(firmware: firmware, capsule: capsule)], handoff: nil, memoryMiB: 2048,
            timeout: .seconds(1200), disks: disks, installs: true, consoleLine: line, stopServerIn: nil)
    }

    private func emptyDisk() async throws -> String {
        try await InstallLab.makeDisks(1, in: state).first ?? ""
    }

    // MARK: - The reference

    /// Run where the install would begin to fetch: the file systems are made and mounted. What an install does to
    /// need little memory is undone, as an admin's machine would not have it.
    private static let script = """
        echo 20 > /proc/sys/vm/dirty_ratio; echo 10 > /proc/sys/vm/dirty_background_ratio
        now() { cut -d ' ' -f 1 /proc/uptime; }
        a=$(now)
        for image in /mnt/*.squashfs; do dd if=$image of=/target/${image##*/} bs=1M conv=fsync 2> /dev/null; done
        b=$(now)
        for image in /target/*.squashfs; do
            /mnt/lib/ld.so --library-path /mnt/lib /mnt/unsquashfs -no-progress -quiet -force -dest /target/root \\
                $image > /dev/null
        done
        sync
        c=$(now)
        ls /target/root/etc/passwd && echo "reference: times $a $b $c"
        echo "reference: over"

        """

    /// The capsule's root image and unsquashfs with what it is linked to.
    private func referenceDisk() async throws -> String {
        let directory = state.path + "/lab/reference"
        let files = FileManager.default
        if files.fileExists(atPath: directory) { try files.removeItem(atPath: directory) }
        try files.createDirectory(atPath: directory + "/lib", withIntermediateDirectories: true)
        try Data(Self.script.utf8).write(to: URL(fileURLWithPath: directory + "/reference.sh"))
        let program = try await Program("which", ["unsquashfs"], package: "squashfs-tools").run()
        try files.copyItem(atPath: program, toPath: directory + "/unsquashfs")
        for line in try await Program("ldd", [program]).run().split(separator: "\n") {
            // `libz.so.1 => /lib/…/libz.so.1 (0x…)`, and the loader without an arrow.
            guard let path = line.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("/") }) else {
                continue
            }
            let name = String(path.split(separator: "/").last ?? "")
            let target = directory + "/lib/" + (name.hasPrefix("ld-") ? "ld.so" : name)
            try await Program("cp", ["--dereference", String(path), target]).run()
        }
        let store = try state.openCapsules()
        let index = try store.index(of: store.resolve(CapsuleReference.validated(capsule)))
        for role in [StreamRole.root, .modules] {
            _ = try store.extract(role, of: index, to: "\(directory)/\(role.rawValue).squashfs")
        }
        let image = state.path + "/lab/reference.img"
        if files.fileExists(atPath: image) { try files.removeItem(atPath: image) }
        // Not compressed again: the machine reads the capsule's image as it is.
        try await Program(
            "mksquashfs", [directory, image, "-quiet", "-no-progress", "-noI", "-noD", "-noF"],
            package: "squashfs-tools"
        ).run()
        return image
    }

    private static func times(ofConsole path: String) throws -> (dd: Double, unsquashfs: Double) {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        let mark = "reference: times "
        for line in text.split(whereSeparator: \.isNewline) {
            guard let start = line.firstRange(of: mark) else { continue }
            let times = line[start.upperBound...].split(separator: " ").compactMap { Double($0) }
            if times.count == 3 { return (times[1] - times[0], times[2] - times[1]) }
        }
        throw LabError.system("no times of the reference on the console: \(path)")
    }

    private static func seconds(_ events: [BootEvent], from first: String, to last: String) throws -> Double {
        guard let from = events.first(where: { $0.detail.hasPrefix(first) }),
            let to = events.first(where: { $0.detail.hasPrefix(last) })
        else { throw LabError.system("the timeline has no `\(first)` or no `\(last)`") }
        return Double(to.at - from.at) / 1000
    }
}
