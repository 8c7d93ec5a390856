/// What depmod(8) wrote about a module tree: which modules there are, what each needs, which hardware each serves.
///
/// A line that cannot be read is left out: the modules of the other lines load all the same.
package struct ModuleIndex: Sendable {
    /// modules.dep: for each module its file, relative to the tree, and the files it needs, in modprobe's order:
    /// the last is loaded first.
    private var files: [ModuleName: (path: String, needs: [String])] = [:]
    /// modules.builtin: part of the kernel.
    private var builtin: Set<ModuleName> = []
    /// modules.softdep: what should be there before and after, by the names of modules or by aliases (`crypto-crc32c`).
    private var soft: [ModuleName: (pre: [String], post: [String])] = [:]
    /// modules.alias by what stands before the first `:` (`pci`, `virtio`): most patterns of a tree are for buses
    /// that a device is not on.
    private var aliases: [ArraySlice<UInt8>: [(pattern: ArraySlice<UInt8>, module: ModuleName)]] = [:]
    /// Aliases without a bus, such as `fs-squashfs`.
    private var plainAliases: [(pattern: ArraySlice<UInt8>, module: ModuleName)] = []

    /// Reads the four files; one that is not there is given empty.
    package init(dep: [UInt8], alias: [UInt8], builtin: [UInt8] = [], softdep: [UInt8] = []) {
        for line in lines(dep) { addDependencies(line) }
        for line in lines(alias) { addAlias(line) }
        for line in lines(builtin) { self.builtin.insert(ModuleName(String(decoding: line, as: UTF8.self))) }
        for line in lines(softdep) { addSoftDependencies(line) }
    }

    /// Number of modules that have a file.
    package var count: Int { files.count }

    /// Whether `name` is part of the kernel.
    package func isBuiltin(_ name: ModuleName) -> Bool { builtin.contains(name) }

    /// The modules for a device's modalias or for a name such as `fs-squashfs`, in the file's order, each once.
    package func modules(matching modalias: String) -> [ModuleName] {
        let text = Array(modalias.utf8)
        let candidates: [(pattern: ArraySlice<UInt8>, module: ModuleName)]
        if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            candidates = (aliases[text[..<colon]] ?? []) + plainAliases
        } else {
            candidates = plainAliases
        }
        var found: [ModuleName] = []
        for candidate in candidates where !found.contains(candidate.module) {
            if AliasGlob.matches(candidate.pattern, text) { found.append(candidate.module) }
        }
        return found
    }

    /// The files to load for `name`, dependencies first, each once: pre-softdeps, what it needs, itself,
    /// post-softdeps. Empty for one that is built in; nil for one that this tree does not have.
    package func loadOrder(for name: ModuleName) -> [String]? {
        if isBuiltin(name) { return [] }
        guard files[name] != nil else { return nil }
        var order: [String] = []
        var entered: Set<ModuleName> = []
        append(name, to: &order, entered: &entered)
        return order
    }

    /// Each module is entered once, so that circles among soft dependencies end.
    private func append(_ name: ModuleName, to order: inout [String], entered: inout Set<ModuleName>) {
        guard !isBuiltin(name), let file = files[name], entered.insert(name).inserted else { return }
        let around = soft[name]
        for other in (around?.pre ?? []).flatMap(named) { append(other, to: &order, entered: &entered) }
        for other in file.needs.reversed() { append(ModuleName(other), to: &order, entered: &entered) }
        order.append(file.path)
        for other in (around?.post ?? []).flatMap(named) { append(other, to: &order, entered: &entered) }
    }

    /// The modules that a soft dependency means.
    private func named(_ text: String) -> [ModuleName] {
        let name = ModuleName(text)
        return files[name] != nil || isBuiltin(name) ? [name] : modules(matching: text)
    }
}

extension ModuleIndex {
    /// `kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko …`
    private mutating func addDependencies(_ line: ArraySlice<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return }
        let path = String(decoding: line[..<colon], as: UTF8.self)
        files[ModuleName(path)] = (path, words(line[colon...].dropFirst()).map { String(decoding: $0, as: UTF8.self) })
    }

    /// `alias virtio:d00000001v* virtio_net`
    private mutating func addAlias(_ line: ArraySlice<UInt8>) {
        let words = words(line)
        guard words.count == 3, words[0].elementsEqual("alias".utf8) else { return }
        let entry = (pattern: words[1], module: ModuleName(String(decoding: words[2], as: UTF8.self)))
        let isWild: (UInt8) -> Bool = { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
        if let colon = entry.pattern.firstIndex(of: UInt8(ascii: ":")), !entry.pattern[..<colon].contains(where: isWild)
        {
            aliases[entry.pattern[..<colon], default: []].append(entry)
        } else {
            plainAliases.append(entry)
        }
    }

    /// `softdep loop pre: a b post: c`
    private mutating func addSoftDependencies(_ line: ArraySlice<UInt8>) {
        let words = words(line).map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 3, words[0] == "softdep" else { return }
        var entry = soft[ModuleName(words[1])] ?? ([], [])
        var isPre: Bool?
        for word in words[2...] {
            switch word {
            case "pre:": isPre = true
            case "post:": isPre = false
            default:
                if isPre == true { entry.pre.append(word) }
                if isPre == false { entry.post.append(word) }
            }
        }
        soft[ModuleName(words[1])] = entry
    }
}

/// The lines that are neither empty nor comments.
private func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split(separator: UInt8(ascii: "\n")).filter { $0.first != UInt8(ascii: "#") }
}

private func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") })
}
