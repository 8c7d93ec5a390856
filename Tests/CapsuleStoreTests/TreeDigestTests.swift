import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct TreeDigestTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("tree/a/file", "1")
        try directory.write("tree/b", "2")
    }

    private var tree: String { directory.path + "/tree" }

    @Test func sameTreeHasTheSameDigestWheneverItWasMade() throws {
        let before = try TreeDigest.of(tree)
        _ = try output(of: "cp", ["-r", tree, directory.path + "/copy"])
        _ = try output(of: "touch", ["-d", "2001-01-01", directory.path + "/copy/b"])
        #expect(try TreeDigest.of(directory.path + "/copy") == before)
    }

    @Test(arguments: [
        ["sh", "-c", "echo 3 > tree/b"], ["mv", "tree/b", "tree/c"], ["chmod", "600", "tree/b"], ["rm", "tree/a/file"],
        ["mkdir", "tree/empty"], ["ln", "-sf", "a/file", "tree/b"], ["mv", "tree/a/file", "tree/file"],
    ])
    func everyChangeShows(command: [String]) throws {
        let before = try TreeDigest.of(tree)
        _ = try output(of: "env", ["-C", directory.path] + command)
        #expect(try TreeDigest.of(tree) != before)
    }

    @Test func linksDifferByTheirTargetAndAreNotFollowed() throws {
        let files = FileManager.default
        try files.createSymbolicLink(atPath: tree + "/link", withDestinationPath: "b")
        let first = try TreeDigest.of(tree)
        #expect(try DurableFiles.target(ofLink: tree + "/link") == "b")
        try files.removeItem(atPath: tree + "/link")
        try files.createSymbolicLink(atPath: tree + "/link", withDestinationPath: "/nowhere")
        #expect(try TreeDigest.of(tree) != first)
        #expect(try TreeDigest.of(tree, except: ["link"]) != first)
        try files.removeItem(atPath: tree + "/link")
        let without = try TreeDigest.of(tree)
        try files.createSymbolicLink(atPath: tree + "/link", withDestinationPath: "b")
        #expect(try TreeDigest.of(tree, except: ["link"]) == without)
    }
}
