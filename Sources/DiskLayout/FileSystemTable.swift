// What is mounted where: at the install, and by the fstab(5) of what was installed.

extension DiskWork {
    /// What is mounted below the target while the system is put there, from / downwards.
    public var mounts: [(device: String, mountPoint: String, kind: FileSystem.Kind)] {
        layout.fileSystems.filter { $0.kind.isOnDisk && $0.kind != .swap && $0.mountPoint != nil }
            .map { (plan.path(of: $0.device), $0.mountPoint ?? "/", $0.kind) }
            .sorted { ($0.mountPoint, $0.device) < ($1.mountPoint, $1.device) }
    }

    /// How fstab and the kernel's command line name what a file system is on.
    public func source(of system: FileSystem) -> String {
        let path = plan.path(of: system.device)
        guard system.kind.isOnDisk else { return path }
        switch system.naming {
        case .label: return system.label.map { "LABEL=\($0)" } ?? path
        case .device, .partuuid: return path
        case .uuid: return uuids[path].map { "UUID=\($0)" } ?? path
        }
    }

    /// The file, with a line for each file system in the layout's order.
    public var fileSystemTable: String {
        var text = "# Written by Perseid when this machine was installed. fstab(5)\n"
        for system in layout.fileSystems {
            guard system.mountPoint != nil || system.kind == .swap else { continue }
            if let comment = system.comment {
                for line in comment.split(separator: "\n") { text += "# \(line)\n" }
            }
            let point = system.kind == .swap ? "none" : system.mountPoint ?? "none"
            let options = system.kind == .swap && system.options == "defaults" ? "sw" : system.options
            let fields = [
                source(of: system), point, system.kind.rawValue, options, "\(system.dump)", "\(system.pass)",
            ]
            text += fields.joined(separator: "\t") + "\n"
        }
        return text
    }

    /// The root's file system.
    public var root: FileSystem? { layout.fileSystem(holding: "/") }
}
