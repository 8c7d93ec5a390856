internal import CapsuleFormat
internal import Glibc
package import PacketIO

/// The runtime OS's root: the capsule's images in memory, mounted over loop devices, and either under an overlay that
/// takes the writes or unpacked into a tmpfs.
package enum RootAssembly {
    /// The tmpfs of the images. It stays mounted where nobody sees it after the handoff.
    package static let imageDirectory = "/images"
    package static let newRoot = "/newroot"
    private static let layers = "/layers"

    /// What stays mounted behind the new root, and what each is called.
    static let mounts = [
        (imageDirectory, "images"), ("\(layers)/root", "root"), ("\(layers)/modules", "modules"),
        ("\(layers)/writes", "writes"),
    ]

    /// Mounts the tmpfs for the images, sized for them so that a bad index cannot fill the memory.
    package static func prepareImages(bytes: Int64) throws(SystemError) {
        try release()
        // Whole pages, and a few for the directory itself.
        try FileSystems.mount(
            "images", on: imageDirectory, type: "tmpfs", flags: Int(MS_NOSUID) | Int(MS_NODEV),
            options: "mode=0700,size=\((bytes >> 12) * 4096 + (1 << 20))")
    }

    /// Makes an empty image file.
    package static func imageFile(_ name: String) throws(SystemError) -> StreamFile {
        let path = "\(imageDirectory)/\(name).image"
        return StreamFile(path, owning: try FileDescriptor.open(path, O_RDWR | O_CREAT | O_TRUNC, permissions: 0o600))
    }

    /// Opens one that was made.
    package static func existingImageFile(_ name: String) throws(SystemError) -> StreamFile {
        let path = "\(imageDirectory)/\(name).image"
        return StreamFile(path, owning: try FileDescriptor.open(path, O_RDWR))
    }

    /// What an image is mounted from.
    package enum ImagePlace: Sendable {
        /// All of it is there.
        case file(StreamFile)
        /// A block device.
        case device(String)
    }

    /// Mounts the images, each for itself. The image of the modules is squashfs always.
    package static func mountLayers(
        root: ImagePlace, as type: RootRecipe.ImageType, modules: ImagePlace?
    ) throws(RootProblem) {
        do throws(SystemError) {
            try releaseRoot()
            try mountImage(root, as: type, on: "\(layers)/root")
            if let modules { try mountImage(modules, as: .squashfs, on: "\(layers)/modules") }
        } catch {
            throw .system("mounting the capsule's images", error)
        }
        try checkLayers()
    }

    /// Joins the layers at `newRoot`: the module tree over the root, and both under a tmpfs.
    package static func joinLayers() throws(RootProblem) {
        do throws(SystemError) {
            try FileSystems.mount(
                "perseid", on: "\(layers)/writes", type: "tmpfs", options: "mode=0755")
            try SmallFile.makeDirectory("\(layers)/writes/upper")
            try SmallFile.makeDirectory("\(layers)/writes/work")
            try FileSystems.mount(
                "perseid", on: newRoot, type: "overlay",
                options: "lowerdir=\(hasModules ? "\(layers)/modules:" : "")\(layers)/root,"
                    + "upperdir=\(layers)/writes/upper,workdir=\(layers)/writes/work")
        } catch {
            throw .system("joining the capsule's images", error)
        }
    }

    /// Copies the layers into a tmpfs at `newRoot`: the same tree as `joinLayers` shows, in memory that is all its own.
    package static func unpackLayers() throws(RootProblem) -> TreeCopy.Tally {
        do throws(SystemError) {
            // Never more than there is: a full file system is an error with a path, full memory ends the machine.
            let room = max(0, (MemoryInfo.now()?.availableBytes ?? 0) - CapsuleAssembly.margin)
            guard room > 0 else { throw SystemError(call: "mount", code: ENOMEM, context: newRoot) }
            try FileSystems.mount("perseid", on: newRoot, type: "tmpfs", options: "mode=0755,size=\(room)")
            return try copyEach(to: newRoot) { _ in }
        } catch {
            throw .system("unpacking the capsule's images", error)
        }
    }

    /// The module tree over the root, as `joinLayers` shows them.
    private static func copyEach(
        to target: String, observe: (TreeCopy.Tally) -> Void
    ) throws(SystemError) -> TreeCopy.Tally {
        var done = TreeCopy.Tally()
        for layer in hasModules ? ["root", "modules"] : ["root"] {
            done =
                done
                + (try TreeCopy.run(from: "\(layers)/\(layer)", to: target, joining: true) { [done] tally in
                    observe(done + tally)
                })
        }
        return done
    }

    /// Bytes that the images take on their way, as a measure of how far a copy of them is: contents are twice to three
    /// times as large.
    package static var layersSize: Int64 {
        var bytes: Int64 = 0
        for name in ["root", "modules"] where FileSystems.isMountPoint("\(layers)/\(name)") {
            var found = statvfs()
            if statvfs("\(layers)/\(name)", &found) == 0 {
                bytes +=
                    Int64(clamping: found.f_blocks).multipliedReportingOverflow(
                        by: Int64(clamping: found.f_frsize)
                    ).partialValue
            }
        }
        return bytes * 5 / 2
    }

    /// Copies the layers onto file systems that are mounted at `target`.
    /// - Parameter observe: told after each entry.
    package static func copyLayers(
        to target: String, observe: (TreeCopy.Tally) -> Void
    ) throws(RootProblem) -> TreeCopy.Tally {
        do throws(SystemError) {
            return try copyEach(to: target, observe: observe)
        } catch {
            throw .system("copying the capsule to the disk", error)
        }
    }

    /// Lets the images go once the root was unpacked from them; their memory is free as soon as no file of them is open.
    package static func releaseImages() throws(RootProblem) {
        do throws(SystemError) {
            try detach(["\(layers)/modules", "\(layers)/root", imageDirectory])
        } catch {
            throw .system("letting the capsule's images go", error)
        }
    }

    /// Takes away what an earlier try left, with the memory that it held.
    package static func release() throws(SystemError) {
        try releaseRoot()
        try detach([imageDirectory])
    }

    private static func releaseRoot() throws(SystemError) {
        try detach([newRoot, "\(layers)/writes", "\(layers)/modules", "\(layers)/root"])
    }

    private static func detach(_ paths: [String]) throws(SystemError) {
        for path in paths where FileSystems.isMountPoint(path) { try FileSystems.detach(path) }
    }

    private static var hasModules: Bool { FileSystems.isMountPoint("\(layers)/modules") }

    private static func mountImage(
        _ image: ImagePlace, as type: RootRecipe.ImageType, on target: String
    ) throws(SystemError) {
        let flags = Int(MS_RDONLY) | Int(MS_NODEV)
        switch image {
        case .device(let path): try FileSystems.mount(path, on: target, type: type.rawValue, flags: flags)
        case .file(let file):
            let loop = try LoopDevice(over: file.path)
            try FileSystems.mount(loop.path, on: target, type: type.rawValue, flags: flags)
        }
    }

    /// In a merged root `/lib` is a link to `usr/lib`; a module image with a directory in that place would hide the
    /// whole C library.
    private static func checkLayers() throws(RootProblem) {
        for name in SmallFile.names(in: "\(layers)/modules") {
            var above = stat()
            var below = stat()
            guard lstat("\(layers)/modules/\(name)", &above) == 0, lstat("\(layers)/root/\(name)", &below) == 0
            else { continue }
            guard above.st_mode & S_IFMT == below.st_mode & S_IFMT else { throw .layerHides("/\(name)") }
        }
    }

    /// Writes what makes this root this node's: its name, and its name servers if it has any.
    package static func personalise(name: String, resolver: [String]) throws(RootProblem) {
        guard let name = HostName(name)?.text else { throw .badName(name) }
        do throws(SystemError) {
            try SmallFile.makeDirectory("\(newRoot)/etc")
            try SmallFile.replace("\(newRoot)/etc/hostname", with: Array("\(name)\n".utf8))
            if !resolver.isEmpty {
                let text = resolver.map { "\($0)\n" }.joined()
                try SmallFile.replace("\(newRoot)/etc/resolv.conf", with: Array(text.utf8))
            }
            try systemCall("sethostname", name) { sethostname(name, name.utf8.count) }
        } catch {
            throw .system("writing the node's name", error)
        }
    }

    /// The init of the new root, which must be there before anything is given up for it.
    package static func findInit() throws(RootProblem) -> String {
        let candidates = [
            "/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/bin/init",
        ]
        for path in candidates {
            var found = stat()
            // A link is enough: where it leads counts from the new root, not from here.
            if lstat(newRoot + path, &found) == 0 { return path }
        }
        throw .noInit(candidates)
    }

    /// Whether the new root's init is systemd, going by its files: it does not run yet.
    package static var hasSystemd: Bool {
        ["/lib/systemd/systemd", "/usr/lib/systemd/systemd"].contains { SmallFile.exists(newRoot + $0) }
    }
}

/// Why no root came of the images.
package enum RootProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case system(String, SystemError)
    case layerHides(String)
    case noInit([String])
    case badName(String)
    case unknownFormat(String)
    case unpacked

    package var description: String {
        switch self {
        case .system(let what, let error): "\(what): \(error)"
        case .layerHides(let path):
            "the module image has \(path) as another kind of file than the root image and would hide it: build the"
                + " capsule's modules below usr/lib"
        case .badName(let name): "the plan's name for this node, '\(name)', is no host name"
        case .unknownFormat(let format):
            "the capsule's image is \(format), which this agent cannot mount: build stage 1 again, with a newer Perseid"
        case .unpacked:
            "this node's root was unpacked (rootMode tmpfs) and its image let go: a new generation needs a reboot"
        case .noInit(let paths): "the capsule's root has no init: none of \(paths.joined(separator: ", "))"
        }
    }
}
