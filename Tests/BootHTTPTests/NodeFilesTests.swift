import CapsuleFormat
import Foundation
import Testing

@testable import BootHTTP

@Suite struct NodeFilesTests {
    static let values = NodeFiles.Values(
        name: "n001", mac: "52:54:00:12:34:56", address: "10.0.0.5", attempt: 3, server: "http://10.0.0.1:8987",
        capsule: "small@1", groups: ["gpu"], hosts: [("n001", "10.0.0.5"), ("n002", "10.0.0.6")])

    /// A directory of files by name, gone with the body.
    static func with(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "nodefiles-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (name, text) in files {
            let url = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        try body(path)
    }

    private func text(_ layer: NodeLayer?, _ path: String) -> String? {
        layer?.files.first { $0.path == path }.map { String(decoding: $0.contents, as: UTF8.self) }
    }

    @Test func theNearerOneWins() throws {
        try Self.with([
            "all/etc/motd": "all", "group/gpu/etc/motd": "gpu", "group/other/etc/other": "other",
            "node/n001/etc/issue": "mine", "node/n002/etc/secret": "not mine", "all/etc/issue": "all",
        ]) { path in
            let layer = try NodeFiles(directory: path).layer(Self.values)
            #expect(layer?.files.map(\.path) == ["/etc/issue", "/etc/motd"])
            #expect(text(layer, "/etc/motd") == "gpu")
            #expect(text(layer, "/etc/issue") == "mine")
        }
    }

    @Test func capsuleAndBaseNameHaveFilesToo() throws {
        try Self.with([
            "all/etc/a": "all", "capsule/small/etc/a": "small", "base/n/etc/a": "n", "capsule/small/etc/b": "small",
            "capsule/other/etc/c": "other", "base/m/etc/c": "m", "all/etc/b": "all",
            "capsule/small/.owners": "0400 7:8 /etc/b\n",
        ]) { path in
            let layer = try NodeFiles(directory: path).layer(Self.values)
            #expect(layer?.files.map(\.path) == ["/etc/a", "/etc/b"])
            #expect(text(layer, "/etc/a") == "n" && text(layer, "/etc/b") == "small")
            #expect(layer?.files.map(\.owner) == [0, 7])
        }
    }

    @Test func templatesAreRenderedAsPlainText() throws {
        try Self.with([
            "all/etc/hosts.mustache": "{{#hosts}}{{address}} {{name}} <&>\n{{/hosts}}",
            "all/etc/machine-id.mustache": "{{machineID}}\n", "all/etc/plain": "{{name}}",
        ]) { path in
            let layer = try NodeFiles(directory: path).layer(Self.values)
            #expect(text(layer, "/etc/hosts") == "10.0.0.5 n001 <&>\n10.0.0.6 n002 <&>\n")
            #expect(text(layer, "/etc/machine-id")?.wholeMatch(of: #/[0-9a-f]{32}\n/#) != nil)
            #expect(text(layer, "/etc/plain") == "{{name}}")
        }
    }

    @Test func ownersAndModesAreAsSaid() throws {
        try Self.with([
            "node/n001/etc/munge/munge.key": "secret", "all/etc/hosts": "",
            "all/.owners": "# munge's own\n0400 110:115 /etc/munge/munge.key\n",
        ]) { path in
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(path)/all/etc/hosts")
            let files = try #require(try NodeFiles(directory: path).layer(Self.values)).files
            #expect(files.map(\.path) == ["/etc/hosts", "/etc/munge/munge.key"])
            #expect(files.map(\.mode) == [0o640, 0o400])
            #expect(files.map(\.owner) == [0, 110])
            #expect(files.map(\.group) == [0, 115])
        }
    }

    @Test(arguments: ["0400 munge:munge /etc/x", "400", "9 0:0 /etc/x", "0400 0:0 etc/x"])
    func ownersThatDoNotReadAreNamed(line: String) throws {
        try Self.with(["all/.owners": line, "all/etc/x": ""]) { path in
            #expect(throws: NodeFiles.Failure.self) { try NodeFiles(directory: path).layer(Self.values) }
        }
    }

    @Test func nothingIsNothing() throws {
        #expect(try NodeFiles(directory: "/no/such/directory").layer(Self.values) == nil)
        try Self.with(["node/n002/etc/x": ""]) { path in
            let layer = try NodeFiles(directory: path).layer(Self.values)
            #expect(layer == nil)
        }
    }
}
