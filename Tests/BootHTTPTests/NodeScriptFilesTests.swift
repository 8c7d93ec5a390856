import CapsuleFormat
import Foundation
import Testing

@testable import BootHTTP

@Suite struct NodeScriptFilesTests {
    private func lines(_ path: String) throws -> [String] {
        try NodeScriptFiles(directory: path).scripts(of: NodeFilesTests.values).map {
            "\($0.stage.rawValue)/\($0.name) \(String(decoding: $0.contents, as: UTF8.self))"
        }
    }

    @Test func theNearerOneWinsByName() throws {
        try NodeFilesTests.with([
            "ready/all/20-a": "all", "ready/capsule/small/20-a": "capsule", "ready/group/gpu/20-a": "gpu",
            "ready/node/n001/20-a": "mine", "ready/all/10-b": "all", "ready/capsule/small/10-b": "capsule",
            "ready/group/gpu/30-c": "gpu", "ready/group/other/40-d": "other", "ready/capsule/other/50-e": "other",
            "handoff/all/90-f": "all", "handoff/node/n002/91-g": "not mine", "ready/all/.20-a.swp": "x",
            "ready/all/20-a~": "x",
        ]) { path in
            let found = try lines(path)
            #expect(found == ["handoff/90-f all", "ready/10-b capsule", "ready/20-a mine", "ready/30-c gpu"])
        }
    }

    @Test func aBaseNameStandsBetweenGroupAndCapsule() throws {
        try NodeFilesTests.with([
            "pre-install/all/10-a": "all", "pre-install/base/n/10-a": "base", "pre-install/capsule/small/10-a": "small",
            "post-install/base/n/10-b": "base", "post-install/group/gpu/10-b": "gpu", "ready/base/m/10-c": "m",
        ]) { path in
            let found = try lines(path)
            #expect(found == ["pre-install/10-a base", "post-install/10-b gpu"])
        }
    }

    @Test func thoseOfInstallsTravelForInstallsAlone() throws {
        try NodeFilesTests.with(["pre-install/all/10-a": "a", "post-install/all/10-b": "b", "ready/all/10-c": "c"]) {
            path in
            let files = NodeFiles(directory: "/no/such/directory", scripts: NodeScriptFiles(directory: path))
            var values = NodeFilesTests.values
            let directory = "/usr/lib/perseid/scripts"
            let always = try files.layer(values)
            #expect(always?.files.map(\.path) == ["\(directory)/ready/10-c"])
            values.purpose = .install
            let once = try files.layer(values)
            #expect(
                once?.files.map(\.path) == [
                    "\(directory)/post-install/10-b", "\(directory)/pre-install/10-a", "\(directory)/ready/10-c",
                ])
        }
    }

    @Test func theyTravelWithTheNodesFiles() throws {
        try NodeFilesTests.with(["ready/all/20-a": "#!/bin/sh\n"]) { path in
            let files = NodeFiles(directory: "/no/such/directory", scripts: NodeScriptFiles(directory: path))
            let layer = try #require(try files.layer(NodeFilesTests.values))
            #expect(layer.files.map(\.path) == ["/usr/lib/perseid/scripts/ready/20-a"])
            #expect(layer.files.map(\.mode) == [0o700])
        }
        try NodeFilesTests.with([:]) { path in
            let files = NodeFiles(directory: path, scripts: NodeScriptFiles(directory: path))
            let layer = try files.layer(NodeFilesTests.values)
            #expect(layer == nil)
        }
    }

    @Test(arguments: ["Upper", "a b", "a.sh", String(repeating: "a", count: 65)])
    func namesThatAreNoneAreSaid(name: String) throws {
        try NodeFilesTests.with(["ready/all/\(name)": "x"]) { path in
            #expect(throws: NodeFiles.Failure.self) { try lines(path) }
        }
    }

    @Test func whatIsNoFileOrTooLongIsRefused() throws {
        try NodeFilesTests.with(["ready/all/10-a": String(repeating: "x", count: (1 << 20) + 1)]) { path in
            #expect(throws: NodeFiles.Failure.self) { try lines(path) }
        }
        try NodeFilesTests.with(["ready/all/10-a/inner": ""]) { path in
            #expect(throws: NodeFiles.Failure.self) { try lines(path) }
        }
        try NodeFilesTests.with(["ready/all/10-a": ""]) { path in
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/ready/all/20-b", withDestinationPath: "/etc/shadow")
            #expect(throws: NodeFiles.Failure.self) { try lines(path) }
        }
    }
}
