internal import Foundation

/// The host's own apt sources of one Debian release (sources.list(5)): a capsule comes from where its server comes from.
struct AptSources: Hashable {
    /// Stanzas in the deb822 form.
    private(set) var stanzas: [String] = []
    /// Lines in the one-line form.
    private(set) var lines: [String] = []

    /// Reads the files below `directory` that apt reads.
    /// - Throws: `.noAptSource`.
    static func read(_ directory: String = "/etc/apt", suite: String) throws(CapsuleBuildError) -> AptSources {
        let parts = (try? DurableFiles.names(in: "\(directory)/sources.list.d")) ?? []
        let files = ["\(directory)/sources.list"] + parts.map { "\(directory)/sources.list.d/\($0)" }
        var sources = AptSources()
        for file in files {
            guard let bytes = try? DurableFiles.read(file, limit: 1 << 20) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if file.hasSuffix(".sources") {
                sources.addStanzas(text, suite: suite)
            } else if file.hasSuffix(".list") {
                sources.addLines(text, suite: suite)
            }
        }
        guard !sources.stanzas.isEmpty || !sources.lines.isEmpty else {
            throw .noAptSource(suite: suite, looked: [files[0], "\(directory)/sources.list.d"])
        }
        return sources
    }

    /// The release this machine runs, `bookworm`; nil where it does not say.
    /// Not `/etc/os-release`, which is a link to it (os-release(5)), and links are not followed here.
    static func hostSuite(osRelease: String = "/usr/lib/os-release") -> String? {
        guard let bytes = try? DurableFiles.read(osRelease, limit: 1 << 16) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix("VERSION_CODENAME=")
        }
        let name = line?.dropFirst("VERSION_CODENAME=".count).filter { $0 != "\"" }
        return name.flatMap { PackageList.isPackageName($0) ? $0 : nil }
    }

    /// Writes them as files, which is how mmdebstrap takes them; it sees their form from their content.
    /// - Returns: the paths.
    func write(in directory: String) throws(CapsuleBuildError) -> [String] {
        let parts = [
            ("host.sources", stanzas.joined(separator: "\n")), ("host.list", lines.map { "\($0)\n" }.joined()),
        ]
        var files: [String] = []
        do throws(StoreError) {
            for (name, text) in parts where !text.isEmpty {
                files.append("\(directory)/\(name)")
                try DurableFiles.create("\(directory)/\(name)", Array(text.utf8), permissions: 0o644)
            }
        } catch {
            throw .store(error)
        }
        return files
    }

    mutating func addStanzas(_ text: String, suite: String) {
        let text = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("#") }
        for stanza in text.split(whereSeparator: { $0.allSatisfy(\.isWhitespace) }) {
            var fields: [String: String] = [:]
            for line in stanza where line.first?.isWhitespace == false {
                guard let colon = line.firstIndex(of: ":") else { continue }
                fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...])
            }
            let suites = Self.words(fields["suites"]).filter { Self.belongs($0, to: suite) }
            guard Self.words(fields["types"]).contains("deb"), !suites.isEmpty,
                Self.words(fields["enabled"]).first != "no", Self.isDebian(signedBy: fields["signed-by"])
            else { continue }
            let kept = stanza.map {
                $0.lowercased().hasPrefix("suites:") ? "Suites: \(suites.joined(separator: " "))" : String($0)
            }
            stanzas.append(kept.joined(separator: "\n") + "\n")
        }
    }

    mutating func addLines(_ text: String, suite: String) {
        for line in text.split(separator: "\n") {
            var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.first == "deb" else { continue }
            words.removeFirst()
            var signedBy: String?
            if words.first?.hasPrefix("[") == true, let end = words.firstIndex(where: { $0.hasSuffix("]") }) {
                let options = words[...end].map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "[]")) }
                signedBy = options.first { $0.hasPrefix("signed-by=") }
                words.removeSubrange(...end)
            }
            guard words.count >= 2, Self.belongs(words[1], to: suite), Self.isDebian(signedBy: signedBy) else {
                continue
            }
            lines.append(String(line))
        }
    }

    private static func words(_ field: String?) -> [String] {
        field?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
    }

    /// `bookworm`, `bookworm-updates`, `bookworm-security`
    private static func belongs(_ name: String, to suite: String) -> Bool {
        name == suite || name.hasPrefix("\(suite)-")
    }

    /// Other vendors name their suites after Debian's; they sign with keys of their own.
    private static func isDebian(signedBy: String?) -> Bool {
        signedBy?.contains("debian-archive-keyring") ?? true
    }
}
