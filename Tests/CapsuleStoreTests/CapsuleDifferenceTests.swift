import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct CapsuleDifferenceTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("a")
    }

    private func stanza(_ name: String, _ version: String, status: String = "install ok installed") -> String {
        "Package: \(name)\nStatus: \(status)\nArchitecture: amd64\nVersion: \(version)\nDescription: x\n Version: 9\n\n"
    }

    private func build() async throws -> CapsuleGeneration {
        try await CapsuleBuilder(store: store).build(
            name, from: .directory(directory.path + "/root"),
            kernel: .directory(KernelFixture.write(in: directory))
        ).generation
    }

    @Test func filesPackagesAndBytesAreCompared() async throws {
        try directory.write("root/usr/bin/big", deterministicBytes(2_000_000, seed: 1))
        try directory.write("root/usr/bin/old", "x")
        try directory.write("root/usr/bin/tool with spaces", "1")
        try directory.write(
            "root/var/lib/dpkg/status", stanza("libc6", "2.36-9") + stanza("gone", "1") + stanza("same", "1"))
        let first = try await build()
        _ = try output(of: "rm", ["\(directory.path)/root/usr/bin/old"])
        try directory.write("root/usr/bin/new", "x")
        try directory.write("root/usr/bin/tool with spaces", "12")
        try directory.write(
            "root/var/lib/dpkg/status",
            stanza("libc6", "2.36-10") + stanza("more", "3") + stanza("same", "1")
                + stanza("gone", "1", status: "deinstall ok config-files"))
        let second = try await build()

        let difference = try await store.difference(from: first, to: second)
        let root = try #require(difference.streams.first { $0.role == .root })
        #expect(root.sharedChunks > 0 && root.sharedChunks < root.chunks)
        #expect(root.fetchedBytes > 0 && root.fetchedBytes < root.size)
        #expect(difference.fetchedBytes == root.fetchedBytes)
        let files = try #require(difference.files)
        #expect(files.added == ["/usr/bin/new"] && files.removed == ["/usr/bin/old"])
        #expect(files.changed == ["/usr/bin/tool with spaces", "/var/lib/dpkg/status"])
        #expect(
            difference.packages == [
                .init(name: "gone:amd64", from: "1", to: nil),
                .init(name: "libc6:amd64", from: "2.36-9", to: "2.36-10"),
                .init(name: "more:amd64", from: nil, to: "3"),
            ])
        #expect(!directory.exists("state/build/.compare"))

        let nothing = try await store.difference(from: second, to: second)
        #expect(nothing.fetchedBytes == 0 && nothing.files?.isEmpty == true && nothing.packages?.isEmpty == true)
        #expect(nothing.streams.allSatisfy { $0.sharedChunks == $0.chunks })
    }

    @Test func rootWithoutDpkgHasNoPackages() async throws {
        try directory.write("root/etc/a", "1")
        let first = try await build()
        try directory.write("root/etc/b", "1")
        let difference = try await store.difference(from: first, to: try await build())
        #expect(difference.packages == nil && difference.files?.added == ["/etc/b"])
    }

    @Test func listingKnowsDevicesLinksAndDirectories() {
        let old = ImageListing(
            """
            drwxr-xr-x 0/0               30 2026-01-01 10:00 /dev
            crw-r--r-- 0/0           1,   3 2026-01-01 10:00 /dev/null
            lrwxrwxrwx 0/0                7 2026-01-01 10:00 /lib -> usr/lib
            second half of a name
            """)
        let new = ImageListing(
            """
            drwxr-xr-x 0/0               44 2026-02-02 10:00 /dev
            crw-r--r-- 0/0           1,   5 2026-01-01 10:00 /dev/null
            lrwxrwxrwx 0/0                7 2026-01-01 10:00 /lib -> usr/bin
            """)
        #expect(old.changes(to: new).changed == ["/dev/null", "/lib"])
        #expect(old.changes(to: new).added.isEmpty && old.changes(to: new).removed.isEmpty)
        #expect(ImageListing.empty.changes(to: new).added == ["/dev", "/dev/null", "/lib"])
    }
}
