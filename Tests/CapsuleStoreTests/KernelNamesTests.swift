import Foundation
import Testing

@testable import CapsuleStore

@Suite struct KernelNamesTests {
    private let directory: TemporaryDirectory
    private let names: KernelNames
    private let package = KernelNames.Package(name: "linux-image-6.1", version: "1:6.1-2", architecture: "amd64")

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("lists/archive_Packages", "1")
        names = KernelNames(directory: directory.path + "/names", apt: [directory.path + "/lists"])
    }

    @Test func answerHoldsUntilTheListsChange() throws {
        #expect(try names.package("linux-image") == nil)
        try names.remember(package, for: "linux-image", stamp: names.stamp())
        #expect(try names.package("linux-image") == package)
        #expect(try names.package("linux-image-other") == nil)
        try directory.write("lists/archive_Packages", "12")
        #expect(try names.package("linux-image") == nil)
    }

    /// Lists that were fetched while apt answered.
    @Test func answerOfOlderListsIsAskedAgain() throws {
        let stamp = try names.stamp()
        try directory.write("lists/security_Packages", "1")
        try names.remember(package, for: "linux-image", stamp: stamp)
        #expect(try names.package("linux-image") == nil)
    }

    @Test(arguments: ["", "x", "a b c d e"])
    func damagedNoteIsAskedAgain(text: String) throws {
        try directory.write("names/linux-image", text)
        #expect(try names.package("linux-image") == nil)
    }

    @Test func nameThatIsAPathIsNotLookedUp() throws {
        try names.remember(package, for: "linux-image", stamp: names.stamp())
        #expect(try names.package("../names/linux-image") == nil)
    }
}
