internal import CapsuleFormat

extension CapsuleDescription {
    private static let keys = [
        "source", "suite", "release", "repositories", "packages", "kernel", "kernelArguments", "files", "users",
        "groups", "services", "exclude",
        "scripts", "imageFormat", "rootMode", "retention",
    ]

    /// Reads what a `capsule.yaml` says.
    /// - Parameters:
    ///   - file: its name, for errors.
    ///   - directory: where it lies; relative paths in it begin there.
    /// - Throws: `DescriptionError` with all that is wrong.
    public init(_ node: DescriptionNode, file: String, directory: String) throws(DescriptionError) {
        self.init(directory: directory)
        var reader = DescriptionReader()
        let fields = reader.fields(of: node, at: "", known: Self.keys)
        readRoot(fields, node, &reader)
        files = reader.items(fields["files"], at: "files").enumerated().compactMap {
            Entry($0.element, at: "files[\($0.offset + 1)]", &reader)
        }
        users = reader.items(fields["users"], at: "users").enumerated().compactMap {
            User($0.element, at: "users[\($0.offset + 1)]", &reader)
        }
        groups = reader.items(fields["groups"], at: "groups").enumerated().compactMap {
            Group($0.element, at: "groups[\($0.offset + 1)]", &reader)
        }
        if let node = fields["services"] { services = Services(node, &reader) }
        scripts = reader.items(fields["scripts"], at: "scripts").enumerated().compactMap {
            Script($0.element, at: "scripts[\($0.offset + 1)]", &reader)
        }
        if let node = fields["retention"] { retention = RetentionPolicy(node, &reader) }
        guard reader.problems.isEmpty else { throw DescriptionError(file: file, problems: reader.problems) }
    }

    private mutating func readRoot(
        _ fields: [String: DescriptionNode], _ node: DescriptionNode, _ reader: inout DescriptionReader
    ) {
        source = reader.text(fields["source"], at: "source")
        suite = reader.value(fields["suite"], at: "suite", expected: "the name of a release") {
            PackageList.isPackageName($0) ? $0 : nil
        }
        release = reader.value(fields["release"], at: "release", expected: "the version of a distribution") {
            PackageList.isRelease($0) ? $0 : nil
        }
        repositories = reader.list(fields["repositories"], at: "repositories", expected: "a path") {
            $0.isEmpty ? nil : $0
        }
        let isRPM = release != nil
        packages = reader.list(
            fields["packages"], at: "packages", expected: "the name of \(isRPM ? "an RPM" : "a Debian") package"
        ) { (isRPM ? PackageList.isRPM($0) : PackageList.isPackage($0)) ? $0 : nil }
        checkPackages(fields, node, &reader)
        kernel = reader.text(fields["kernel"], at: "kernel")
        let arguments = reader.list(fields["kernelArguments"], at: "kernelArguments", expected: "one line") {
            $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? $0 : nil
        }
        kernelArguments = fields["kernelArguments"] == nil ? nil : arguments.joined(separator: " ")
        excluded = reader.list(fields["exclude"], at: "exclude", expected: "a path or pattern below the root") { text in
            let pattern = text.drop { $0 == "/" }
            return pattern.isEmpty || pattern.split(separator: "/").contains("..") ? nil : String(pattern)
        }
        imageFormat =
            reader.value(fields["imageFormat"], at: "imageFormat", expected: "squashfs or erofs") {
                ImageFormat(rawValue: $0)
            } ?? .squashfs
        rootMode =
            reader.value(fields["rootMode"], at: "rootMode", expected: "overlay, tmpfs or lazy") {
                RootMode(rawValue: $0)
            }
            ?? .overlay
    }

    /// Whether what says where the root comes from goes together.
    private func checkPackages(
        _ fields: [String: DescriptionNode], _ node: DescriptionNode, _ reader: inout DescriptionReader
    ) {
        if source == nil, packages.isEmpty {
            reader.complain(node.line, "source", "it is missing; name a source, or packages to make the root of")
        }
        let said = [
            ("packages", !packages.isEmpty), ("suite", suite != nil), ("release", release != nil),
            ("repositories", !repositories.isEmpty),
        ]
        let ofPackages = said.first { $0.1 }?.0
        if let source, let key = ofPackages, !source.hasSuffix(".pkglist") {
            reader.complain(
                fields[key]?.line ?? node.line, key,
                "goes with a .pkglist as the source, or with none; '\(source)' is installed already")
        }
        if suite != nil, let line = fields["release"]?.line {
            reader.complain(line, "release", "is dnf's, and suite apt's; one of them, please")
        }
        if source == nil, release == nil, let line = fields["repositories"]?.line {
            reader.complain(line, "repositories", "are dnf's, which needs a release")
        }
    }
}

extension CapsuleDescription.Services {
    fileprivate init(_ node: DescriptionNode, _ reader: inout DescriptionReader) {
        let fields = reader.fields(of: node, at: "services", known: ["enable", "disable", "mask"])
        func units(_ key: String, _ reader: inout DescriptionReader) -> [String] {
            reader.list(fields[key], at: "services.\(key)", expected: "a unit, such as ssh.service") { name in
                let types = ["service", "socket", "target", "timer", "path", "mount", "automount", "swap", "slice"]
                let type = name.split(separator: ".").last.map(String.init) ?? ""
                let isSafe = name.utf8.allSatisfy { byte in
                    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "/")
                }
                return isSafe && name.first != "-" && name.contains(".") && types.contains(type) ? name : nil
            }
        }
        self.init(
            enabled: units("enable", &reader), disabled: units("disable", &reader), masked: units("mask", &reader))
    }
}

extension CapsuleDescription.Script {
    fileprivate init?(_ node: DescriptionNode, at place: String, _ reader: inout DescriptionReader) {
        let fields = reader.fields(of: node, at: place, known: ["name", "stage", "content", "source"])
        let name = reader.value(fields["name"], at: "\(place).name", expected: "a name of a-z, 0-9, - and _") {
            NodeScript.isName($0) ? $0 : nil
        }
        let stages = NodeScript.Stage.ofCapsules
        let names = stages.map(\.rawValue).joined(separator: " or ")
        let stage = reader.value(fields["stage"], at: "\(place).stage", expected: names) { text in
            stages.first { $0.rawValue == text }
        }
        let text = reader.text(fields["content"], at: "\(place).content")
        let file = reader.text(fields["source"], at: "\(place).source")
        if (text == nil) == (file == nil) {
            reader.complain(node.line, place, "it takes one of content and source")
        }
        guard let name = reader.required(name, node, at: "\(place).name"),
            let stage = reader.required(stage, node, at: "\(place).stage")
        else { return nil }
        self.init(name: name, stage: stage, contents: file.map { .file($0) } ?? .text(text ?? ""))
    }
}

extension RetentionPolicy {
    fileprivate init?(_ node: DescriptionNode, _ reader: inout DescriptionReader) {
        let fields = reader.fields(of: node, at: "retention", known: ["keep", "days"])
        let keep = reader.value(fields["keep"], at: "retention.keep", expected: "a number from 1 to 10000") { text in
            Int(text).flatMap { (1...10_000).contains($0) ? $0 : nil }
        }
        let days = reader.value(fields["days"], at: "retention.days", expected: "a number from 1 to 36500") { text in
            Int(text).flatMap { (1...36_500).contains($0) ? $0 : nil }
        }
        self.init(keep: keep, days: days)
    }
}
