internal import CLinux
internal import Glibc
internal import PacketIO

/// Loads modules of the running kernel's tree by finit_module(2), each at most once.
package struct ModuleLoader {
    private let tree: String
    private let index: ModuleIndex
    private let console: Console
    private var done: Set<String> = []
    private var seenAliases: Set<String> = []

    /// Reads the tree of the running kernel, `/lib/modules/RELEASE`. A tree that is not there is an empty one: a
    /// kernel may have all it needs built in.
    package init(release: String, console: Console) {
        tree = "/lib/modules/\(release)"
        self.console = console
        let directory = tree
        let read: (String) -> [UInt8] = { (try? SmallFile.read("\(directory)/\($0)", limit: 64 << 20)) ?? [] }
        index = ModuleIndex(
            dep: read("modules.dep"), alias: read("modules.alias"), builtin: read("modules.builtin"),
            softdep: read("modules.softdep"))
        if index.count == 0 { console.line("no modules in \(tree): the kernel must have its drivers built in") }
    }

    /// Loads the drivers of all devices that there are, and again for those that appear thereby (a bus driver shows
    /// its devices), until nothing new appears.
    /// - Returns: number of modules loaded.
    package mutating func coldplug() -> Int {
        var loaded = 0
        // Buses nest a few levels deep; the bound is for hardware that never comes to rest.
        for _ in 0..<16 {
            let fresh = Coldplug.modaliases(under: "/sys/devices").filter { seenAliases.insert($0).inserted }
            if fresh.isEmpty { break }
            for modalias in fresh {
                for name in index.modules(matching: modalias) { loaded += load(name, for: modalias) }
            }
        }
        return loaded
    }

    /// Loads a module by its name, whether or not a device asks for it.
    /// - Returns: number of modules loaded with its dependencies: 0 for one that is there already or built in.
    @discardableResult
    package mutating func load(named name: String) -> Int {
        load(ModuleName(name), for: nil)
    }

    private mutating func load(_ name: ModuleName, for modalias: String?) -> Int {
        guard let order = index.loadOrder(for: name) else {
            // A kernel without that module may still have it built in; what needs it fails with its own words.
            if modalias == nil, index.count > 0 { console.line("the module tree has no \(name)") }
            return 0
        }
        var loaded = 0
        for path in order where done.insert(path).inserted {
            do throws(SystemError) {
                try insert("\(tree)/\(path)")
                loaded += 1
            } catch {
                // EEXIST: loaded already. ENODEV: the module found no hardware after all.
                guard error.code != EEXIST, error.code != ENODEV else { continue }
                // What comes next may do without it: one of several that have the same alias, of another processor.
                console.line("module \(ModuleName(path)) did not load: \(error)")
            }
        }
        return loaded
    }

    private func insert(_ path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY)
        // MODULE_INIT_COMPRESSED_FILE, linux/module.h.
        let flags: Int32 = path.hasSuffix(".ko") ? 0 : 4
        try systemCall("finit_module", path) { perseid_finit_module(file.raw, "", flags) }
    }
}
