/// `modules.dep`, `modules.softdep` and `modules.alias` (depmod(8), modprobe.d(5)): which module needs which.
struct ModuleDependencies: Hashable {
    /// Paths under `lib/modules/RELEASE`, in the file's order.
    private(set) var modules: [String] = []
    private var needs: [String: [String]] = [:]
    private var softNeeds: [String: [String]] = [:]
    private var pathOfName: [String: String] = [:]
    /// Modules by the other names that they go by; a soft need is often one of these, `crypto-crc32c`.
    private var modulesOfAlias: [String: [String]] = [:]

    /// - Parameters:
    ///   - dep: the text of `modules.dep`: `a.ko: b.ko c.ko`, every dependency of a module on its line.
    ///   - softdep: the text of `modules.softdep`: `softdep a pre: b c post: d`.
    ///   - alias: the text of `modules.alias`: `alias crypto-crc32c crc32c_generic`. Patterns are of devices, and passed
    ///     over.
    init(dep: String, softdep: String, alias: String = "") {
        for line in dep.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let module = String(line[..<colon])
            modules.append(module)
            needs[module] = line[line.index(after: colon)...].split(separator: " ").map(String.init)
            pathOfName[Self.name(of: module)] = module
        }
        for line in softdep.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 2, words[0] == "softdep" else { continue }
            let names = words[2...].filter { !$0.hasSuffix(":") }.map { Self.canonical($0) }
            softNeeds[Self.canonical(words[1]), default: []] += names
        }
        for line in alias.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "alias", !words[1].contains("*") else { continue }
            modulesOfAlias[Self.canonical(words[1]), default: []].append(Self.canonical(words[2]))
        }
    }

    /// The modules that a soft need means.
    private func modules(named name: String) -> [String] {
        if let path = pathOfName[name] { return [path] }
        return (modulesOfAlias[name] ?? []).compactMap { pathOfName[$0] }
    }

    /// `selected` and everything that these need, softly or not, sorted. What is not in the tree is left out: it is
    /// built into the kernel.
    func closure(of selected: [String]) -> [String] {
        var chosen: Set<String> = []
        var open = selected
        while let module = open.popLast() {
            guard needs[module] != nil, chosen.insert(module).inserted else { continue }
            open += needs[module] ?? []
            open += (softNeeds[Self.name(of: module)] ?? []).flatMap(modules)
        }
        return chosen.sorted()
    }

    /// `kernel/fs/foo-bar.ko.xz` is `foo_bar`.
    private static func name(of module: String) -> String {
        let file = module[(module.lastIndex(of: "/").map(module.index(after:)) ?? module.startIndex)...]
        return canonical(file.prefix { $0 != "." })
    }

    private static func canonical(_ name: Substring) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }
}
