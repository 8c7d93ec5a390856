import Foundation
import Testing

@testable import CapsuleStore

@Suite struct TreeWriterTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/root", withIntermediateDirectories: false)
        try directory.write("outside/secret", "untouched")
    }

    private var root: String { directory.path + "/root" }

    private func apply(_ layers: [[UInt8]], layered: Bool = true, asRoot: Bool = geteuid() == 0) throws {
        let writer = try TreeWriter(root, TreeWriter.Rules(asRoot: asRoot, layered: layered))
        for layer in layers {
            var reader = TarReader()
            writer.beginLayer()
            for event in try reader.receive(layer) { try writer.take(event) }
            try reader.finish()
        }
        try writer.finish()
    }

    private func tree() throws -> [String] { try DurableFiles.walk(root) }

    private func layers(_ layers: [String]...) throws { try apply(layers.map { TarFixture.archive($0) }) }

    @Test func whiteoutTakesAwayWhatIsBelow() throws {
        try layers(["a/", "a/one", "a/two", "b/", "b/deep/", "b/deep/x"], ["a/.wh.one", ".wh.b"])
        #expect(try tree() == ["a", "a/two"])
    }

    @Test func opaqueDirectoryHidesAllThatIsBelowWhereverItStands() throws {
        try layers(["a/", "a/one", "a/sub/", "a/sub/x"], ["a/", "a/.wh..wh..opq", "a/new"])
        #expect(try tree() == ["a", "a/new"])
        try layers(["c/", "c/one", "c/sub/", "c/sub/x"], ["c/", "c/new", "c/sub/", "c/sub/y", "c/.wh..wh..opq"])
        #expect(try tree() == ["a", "a/new", "c", "c/new", "c/sub", "c/sub/y"])
    }

    @Test func whiteoutSparesItsOwnLayer() throws {
        try layers(["a", "b"], ["a", ".wh.a", ".wh.b", "b"])
        #expect(try tree() == ["a", "b"])
    }

    @Test func whiteoutOfNothingIsNoError() throws {
        try layers(["a"], [".wh.gone", "no/such/.wh.thing", ".wh..wh.plnk"])
        #expect(try tree() == ["a"])
    }

    @Test(arguments: [".wh..", ".wh...", ".wh.", "a/.wh..", "a/.wh..."])
    func whiteoutOfNoNameIsRefused(name: String) throws {
        let error = #expect(throws: TarError.self) { try layers(["a/", "a/x"], [name]) }
        #expect(error?.description.contains("whiteout") == true)
        #expect(try tree() == ["a", "a/x"])
    }

    @Test func archiveWithoutLayersTakesTheNamesAsTheyAre() throws {
        try apply([TarFixture.archive([".wh.name", "a"])], layered: false)
        #expect(try tree() == [".wh.name", "a"])
    }

    @Test func upperLayersReplaceKinds() throws {
        try layers(
            ["file", "dir/", "dir/in", "link -> file", "two", "also = two"],
            ["file/", "file/now", "dir", "link", "two"])
        #expect(try tree() == ["also", "dir", "file", "file/now", "link", "two"])
        #expect(try directory.read("root/also") == Array("contents of two".utf8))
        #expect(DurableFiles.status(root + "/link")?.kind == .file)
    }

    @Test(arguments: [
        ["escape -> OUTSIDE", "escape/evil"], ["up -> ../outside", "up/evil"], ["l -> ..", "l/outside/evil"],
    ])
    func nothingIsWrittenThroughALink(entries: [String]) throws {
        let entries = entries.map { $0.replacing("OUTSIDE", with: directory.path + "/outside") }
        let error = #expect(throws: TarError.self) { try layers([entries[0]], [entries[1]]) }
        #expect(error?.description.contains("symbolic link") == true)
        #expect(try directory.names("outside") == ["secret"])
    }

    @Test func linksAreReplacedAndNeverFollowed() throws {
        let outside = directory.path + "/outside"
        try layers(["f -> \(outside)/secret", "d -> \(outside)"], ["f", "d/", "d/.wh.secret"])
        #expect(try directory.read("outside/secret") == Array("untouched".utf8))
        #expect(try tree() == ["d", "f"])
        try layers(["w -> \(outside)"], ["w/.wh.secret"])
        #expect(try directory.names("outside") == ["secret"])
        let error = #expect(throws: TarError.self) { try layers(["w -> \(outside)", "stolen = w/secret"]) }
        #expect(error?.description.contains("stolen") == true)
    }

    @Test func hardLinkToNothingIsRefused() throws {
        let error = #expect(throws: TarError.self) { try layers(["a = missing"]) }
        #expect(error?.description.contains("'a'") == true)
        #expect(throws: TarError.self) { try layers(["d/", "a = d"]) }
    }

    @Test func deviceIsForRootAlone() throws {
        var tar = TarFixture()
        tar.add(.init(name: "null", type: "3", major: "0000001", minor: "0000003"))
        let error = #expect(throws: TarError.self) { try apply([tar.archive], asRoot: false) }
        #expect(error?.description.contains("'null'") == true)
        guard geteuid() == 0 else { return }
        try apply([tar.archive], asRoot: true)
        var status = stat()
        #expect(lstat(root + "/null", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0x103)
    }

    /// Everything that a root file system has, by GNU tar and by us.
    @Test(.enabled(if: geteuid() == 0), arguments: ["gnu", "pax", "ustar"])
    func sameTreeAsGNUTar(format: String) throws {
        _ = try output(
            of: "sh",
            [
                "-ec",
                """
                cd "$1"; mkdir -p in/usr/bin in/var in/ro; cd in
                head -c 3000000 /dev/urandom > usr/bin/tool; chmod 4755 usr/bin/tool; ln usr/bin/tool usr/bin/same
                ln -s usr/bin bin; ln -s /nowhere dangling; mkfifo pipe; mknod null c 1 3; mknod disk b 259 300
                chown 1234:5678 var; chown -h 7:8 bin; chmod 1777 var; : > empty; echo x > 'name with  blank'
                printf 'x' > "$(printf 'latin\\351')"; echo x > ro/file; chmod 555 ro; 
                if [ "$2" != ustar ]; then
                  d=in; for i in 1 2 3 4 5 6 7 8; do d=$(printf '%040d' $i); mkdir $d; cd $d; done; echo deep > file; cd "$1/in"
                  ln -s $(printf '%0150d' 1) longlink
                fi
                if [ "$2" = pax ]; then setfattr -n user.colour -v blue usr/bin/tool 2>/dev/null || true; fi
                find . -exec touch -h -d @1700000000 {} +; touch -d @1000000 usr usr/bin/tool ro
                cd ..; x=; if [ "$2" = pax ]; then x=--xattrs; fi; tar --format=$2 $x -C in -cf t.tar .; mkdir expected
                tar --xattrs --xattrs-include='*' -C expected -xpf t.tar
                """, "sh", directory.path, format,
            ])
        let archive = try directory.read("t.tar")
        try apply([archive], layered: false)
        let differences = try output(
            of: "sh",
            [
                "-c",
                "rsync -aHAXni --delete --devices --specials \"$1/expected/\" \"$1/root/\" 2>&1; tar -C \"$1/root\" -df \"$1/t.tar\" 2>&1",
                "sh", directory.path,
            ])
        #expect(differences == "")
        #expect(try tree().count > 12)
    }
}
