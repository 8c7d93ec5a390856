import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

/// Debian's own writers of images, which the tests need and nothing else does.
private let imageTools = ["skopeo", "umoci", "jq"].allSatisfy {
    FileManager.default.fileExists(atPath: "/usr/bin/\($0)")
}

/// Images as umoci, skopeo and buildah write them, and their damage.
@Suite(.enabled(if: imageTools)) struct ContainerImageTests {
    private let directory: TemporaryDirectory
    private var layout: String { directory.path + "/layout" }

    /// Three layers: files; one taken away and one added; a directory made opaque.
    init() throws {
        directory = try TemporaryDirectory()
        try directory.run(
            """
            umoci init --layout layout; umoci new --image layout:one
            mkdir -p l/etc l/usr/bin l/var/cache/old; echo one > l/etc/one; echo two > l/etc/two; echo x > l/var/cache/old/x
            echo tool > l/usr/bin/tool; chmod 755 l/usr/bin/tool; ln -s usr/bin l/bin; ln l/usr/bin/tool l/usr/bin/same
            umoci unpack --rootless --image layout:one bundle
            cp -a l/. bundle/rootfs/; umoci repack --image layout:one bundle
            rm bundle/rootfs/etc/one; rm -r bundle/rootfs/var/cache/old; echo three > bundle/rootfs/etc/three
            rm -rf bundle2; umoci repack --refresh-bundle --image layout:one bundle
            """)
    }

    private func unpack(_ source: CapsuleSource, to root: String = "root") async throws -> String {
        let path = "\(directory.path)/\(root)"
        try? FileManager.default.removeItem(atPath: directory.path + "/scratch")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: directory.path + "/scratch", withIntermediateDirectories: true)
        guard case .image(let file, let name) = source else { throw ImageError.ambiguous(has: []) }
        let isDirectory = DurableFiles.status(file)?.kind == .directory
        let place: ImageRoot.Place =
            isDirectory
            ? .directory(file)
            : .archive(try await ArchiveFile.plain(file, scratch: directory.path + "/scratch/plain"), file: file)
        _ = try await ImageRoot(
            place: place, name: name, scratch: directory.path + "/scratch", progress: { _, _ in }
        ).make(in: path, asRoot: geteuid() == 0)
        return path
    }

    private let expected = [
        "bin", "etc", "etc/three", "etc/two", "usr", "usr/bin", "usr/bin/same", "usr/bin/tool", "var", "var/cache",
    ]

    @Test func layoutIsUnpackedWithItsWhiteouts() async throws {
        let root = try await unpack(.image(layout, name: nil))
        #expect(try DurableFiles.walk(root) == expected)
        #expect(try directory.read("root/etc/three") == Array("three\n".utf8))
        #expect(try CapsuleSource(argument: layout) == .image(layout, name: nil))
    }

    @Test(arguments: ["oci-archive:a.tar:one", "docker-archive:a.tar:one:latest"])
    func archivesAreTheSame(target: String) async throws {
        try directory.run("skopeo --insecure-policy copy -q oci:layout:one \(target)")
        let file = directory.path + "/a.tar"
        let root = try await unpack(.image(file, name: nil))
        #expect(try DurableFiles.walk(root) == expected)
        #expect(try ImageRoot.isImageArchive(ArchiveFile(path: file)))
        try directory.run("gzip -k a.tar; tar -C root -cf plain.tar .")
        #expect(try await DurableFiles.walk(unpack(.image(file + ".gz", name: nil), to: "root2")) == expected)
        #expect(try !ImageRoot.isImageArchive(ArchiveFile(path: directory.path + "/plain.tar")))
    }

    @Test(arguments: ["gzip", "zstd"])
    func layersAreCompressedAnyWay(format: String) async throws {
        try directory.run("skopeo --insecure-policy copy -q --dest-compress-format \(format) oci:layout:one dir:flat")
        try directory.run("skopeo --insecure-policy copy -q --dest-compress-format \(format) dir:flat oci:other:x")
        #expect(try await DurableFiles.walk(unpack(.image(directory.path + "/other", name: "x"))) == expected)
    }

    @Test func indexOfSeveralPlatformsPicksOurs() async throws {
        try directory.run(
            """
            cd layout; m=$(jq -r '.manifests[0].digest' index.json | cut -d: -f2); s=$(stat -c %s blobs/sha256/$m)
            c=$(jq -r .config.digest blobs/sha256/$m | cut -d: -f2)
            put() { d=$(sha256sum < "$1" | cut -d' ' -f1); cp "$1" blobs/sha256/$d; echo $d; }
            jq -c '.architecture="arm64"' blobs/sha256/$c > ../c; ac=$(put ../c)
            jq -c --arg d sha256:$ac --argjson s $(stat -c %s ../c) '.config.digest=$d | .config.size=$s' blobs/sha256/$m > ../m
            am=$(put ../m)
            jq -nc --arg m sha256:$m --argjson s $s --arg am sha256:$am --argjson asize $(stat -c %s ../m) \
              '{schemaVersion:2,manifests:[{mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$am,size:$asize,platform:{os:"linux",architecture:"arm64"}},{mediaType:"application/vnd.oci.image.manifest.v1+json",digest:$m,size:$s,platform:{os:"linux",architecture:"amd64"}}]}' > ../i
            i=$(put ../i)
            jq -nc --arg d sha256:$i --argjson s $(stat -c %s ../i) '{schemaVersion:2,manifests:[{mediaType:"application/vnd.oci.image.index.v1+json",digest:$d,size:$s}]}' > index.json
            """)
        #expect(try await DurableFiles.walk(unpack(.image(layout, name: nil))) == expected)
        try directory.run(
            "cd layout; i=$(ls -t blobs/sha256 | head -1); jq -c '.manifests|=map(select(.platform.architecture==\"arm64\"))' ../i > ../j; d=$(sha256sum < ../j | cut -d' ' -f1); cp ../j blobs/sha256/$d; jq -c --arg d sha256:$d --argjson s $(stat -c %s ../j) '.manifests[0].digest=$d|.manifests[0].size=$s' index.json > ../k; cp ../k index.json"
        )
        await #expect(throws: ImageError.noSuchImage(wanted: "linux/amd64", has: ["linux/arm64"])) {
            try await unpack(.image(layout, name: nil), to: "none")
        }
    }

    @Test func severalNamesWantAChoice() async throws {
        try directory.run(
            "umoci tag --image layout:one two; tar -cf more.tar l/etc; umoci raw add-layer --image layout:two more.tar")
        await #expect(throws: ImageError.ambiguous(has: ["one", "two"])) {
            try await unpack(.image(layout, name: nil))
        }
        await #expect(throws: ImageError.noSuchImage(wanted: "three", has: ["one", "two"])) {
            try await unpack(.image(layout, name: "three"))
        }
        #expect(try await DurableFiles.walk(unpack(.image(layout, name: "one"), to: "second")) == expected)
    }

    @Test func everyBlobIsVerified() async throws {
        for blob in try directory.names("layout/blobs/sha256") {
            let name = "layout/blobs/sha256/\(blob)"
            let whole = try directory.read(name)
            var flipped = whole
            flipped[whole.count / 2] ^= 1
            for damaged in [flipped, Array(whole.dropLast()), whole + [0]] {
                try directory.write(name, damaged)
                // Blobs of earlier steps belong to no manifest any more.
                let isUsed =
                    try DurableFiles.walk(layout).isEmpty == false && isReferenced(blob, instead: whole, at: name)
                guard isUsed else { break }
                let error = await #expect(throws: ImageError.self, "\(blob)") {
                    try await unpack(.image(layout, name: nil), to: "damaged")
                }
                #expect(error?.description.contains(blob) == true)
            }
            try directory.write(name, whole)
        }
    }

    /// Whether the image's documents name a blob.
    private func isReferenced(_ blob: String, instead whole: [UInt8], at name: String) throws -> Bool {
        let damaged = try directory.read(name)
        try directory.write(name, whole)
        defer { _ = try? directory.write(name, damaged) }
        let image = try output(
            of: "sh",
            [
                "-c",
                "cd \"$1\"; m=$(jq -r '.manifests[0].digest' index.json | cut -d: -f2); echo $m; cat blobs/sha256/$m",
                "sh", layout,
            ])
        return image.contains(blob)
    }

    @Test func documentsThatAreNoneAreNamed() async throws {
        for (file, text) in [
            ("index.json", "{"), ("index.json", "[]"), ("index.json", "{\"schemaVersion\":2}"), ("oci-layout", "{}"),
            ("oci-layout", "{\"imageLayoutVersion\":\"9\"}"),
            ("index.json", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:../../x\",\"size\":3}]}"),
            ("index.json", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:00\",\"size\":-3}]}"),
        ] {
            let before = try directory.read("layout/\(file)")
            try directory.write("layout/\(file)", text)
            let error = await #expect(throws: ImageError.self) { try await unpack(.image(layout, name: nil)) }
            #expect(error?.description.contains(file) == true, "\(text)")
            try directory.write("layout/\(file)", before)
        }
    }

    @Test func layerThatIsRefusedIsNamed() async throws {
        let evil = TarFixture.archive(["good", "../evil"])
        try directory.write("evil.tar", evil)
        try directory.run("umoci raw add-layer --image layout:one evil.tar")
        let error = await #expect(throws: ImageError.self) { try await unpack(.image(layout, name: nil)) }
        #expect(error?.description.contains("'../evil'") == true)
        #expect(!directory.exists("evil"))
    }
}

extension TemporaryDirectory {
    /// Runs a script in the directory; fails with what it printed where it fails.
    func run(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ScriptFailed(output: text) }
    }
}

struct ScriptFailed: Error {
    let output: String
}
