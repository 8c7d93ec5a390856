/// `modules.dep` and `modules.softdep` (depmod(8), modprobe.d(5)): which module needs which.
struct ModuleDependencies: Hashable {
    /// Paths under `lib/modules/RELEASE`, in the file's order.
    private(set) var modules: [String] = []
    private var needs: [String: [String]] = [:]
    private var softNeeds: [String: [String]] = [:]
    private var pathOfName: [String: String] = [:]

    /// - Parameters:
    ///   - dep: the text of `modules.dep`: `a.ko: b.ko c.ko`, every dependency of a module on its line.
    ///   - softdep: the text of `modules.softdep`: `softdep a pre: b c post: d`.
    init(dep: String, softdep: String) {
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
    }

    /// `selected` and everything that these need, softly or not, sorted. What is not in the tree is left out: it is
    /// built into the kernel.
    func closure(of selected: [String]) -> [String] {
        var chosen: Set<String> = []
        var open = selected
        while let module = open.popLast() {
            guard needs[module] != nil, chosen.insert(module).inserted else { continue }
            open += needs[module] ?? []
            open += (softNeeds[Self.name(of: module)] ?? []).compactMap { pathOfName[$0] }
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
