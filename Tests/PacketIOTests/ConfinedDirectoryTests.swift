import Glibc
import Testing

@testable import PacketIO

/// A tree in a temporary directory, taken away at the end:
/// `root/` with `file`, `sub/inner`, links and a pipe, beside it `secret`.
private final class Tree {
    let path: String
    var root: String { path + "/root" }

    init() throws {
        var template = Array("/tmp/perseid-confined-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
        mkdir(root, 0o755)
        mkdir(root + "/sub", 0o755)
        try write("top secret", to: path + "/secret")
        try write("hello", to: root + "/file")
        try write("inner", to: root + "/sub/inner")
        for (target, name) in [
            ("file", "inside"), ("sub", "subdir"), ("../file", "sub/up"), ("../secret", "out"), ("..", "parent"),
            ("/etc/passwd", "absolute"), ("loop", "loop"), ("missing", "dangling"), ("/proc/self/root", "magic"),
        ] {
            #expect(symlink(target, root + "/" + name) == 0)
        }
        #expect(mkfifo(root + "/pipe", 0o644) == 0)
    }

    private func write(_ text: String, to path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
        try file.writeAll(Array(text.utf8).span.bytes)
    }

    deinit {
        for name in ["inside", "subdir", "sub/up", "out", "parent", "absolute", "loop", "dangling", "magic", "pipe"] {
            unlink(root + "/" + name)
        }
        unlink(root + "/file")
        unlink(root + "/sub/inner")
        rmdir(root + "/sub")
        rmdir(root)
        unlink(path + "/secret")
        rmdir(path)
    }
}

@Test(arguments: [
    ("file", "hello"), ("/file", "hello"), ("//sub//inner", "inner"), ("./sub/./inner", "inner"), ("inside", "hello"),
    ("subdir/inner", "inner"), ("sub/up", "hello"),
])
func aNameInsideIsServed(name: String, content: String) throws {
    let tree = try Tree()
    let directory = try ConfinedDirectory(path: tree.root)
    let file = try ReadOnlyFile(directory.openFile(name))
    #expect(file.size == content.utf8.count)
    #expect(try file.contents() == Array(content.utf8))
    #expect(file.modified > 1_700_000_000_000)
}

@Test(arguments: [
    ("out", ConfinedFileError.leavesDirectory), ("parent/secret", .leavesDirectory), ("absolute", .leavesDirectory),
    ("loop", .leavesDirectory), ("magic/etc/passwd", .leavesDirectory), ("dangling", .notFound),
    ("missing", .notFound), ("file/x", .notFound), ("sub", .notAFile), ("pipe", .notAFile),
    ("..", .badName("it has ..")), ("../secret", .badName("it has ..")), ("sub/../../secret", .badName("it has ..")),
    ("/../secret", .badName("it has ..")), ("sub\\inner", .badName("it has a backslash")),
    ("file\u{0}x", .badName("it has a byte that is not printable ASCII")),
    ("fi\nle", .badName("it has a byte that is not printable ASCII")),
    ("fïle", .badName("it has a byte that is not printable ASCII")), ("", .badName("it is empty")),
    ("/", .badName("it is empty")), ("/./", .badName("it is empty")),
    (String(repeating: "a", count: 1025), .badName("longer than 1024 bytes")),
])
func otherNamesAreRefusedWithTheReason(name: String, reason: ConfinedFileError) throws {
    let tree = try Tree()
    let directory = try ConfinedDirectory(path: tree.root)
    #expect(throws: reason) { _ = try directory.openFile(name) }
}

@Test func aNameTooLongForTheFileSystemIsAnError() throws {
    let tree = try Tree()
    let directory = try ConfinedDirectory(path: tree.root)
    let name = String(repeating: "a", count: 300)
    #expect(throws: ConfinedFileError.failed(SystemError(call: "openat2", code: ENAMETOOLONG, context: name))) {
        _ = try directory.openFile(name)
    }
}

@Test func aDirectoryThatIsNotThereIsAnError() {
    let error = #expect(throws: SystemError.self) { _ = try ConfinedDirectory(path: "/no/such/directory") }
    #expect(error?.isNotFound == true)
    #expect(error?.context == "/no/such/directory")
}

@Test func readingAtTheEndGivesWhatIsThere() throws {
    let tree = try Tree()
    let directory = try ConfinedDirectory(path: tree.root)
    let file = try ReadOnlyFile(directory.openFile("file"))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
    defer { buffer.deallocate() }
    #expect(try file.read(into: buffer, at: 3) == 2)
    #expect(Array(buffer[..<2]) == Array("lo".utf8))
    #expect(try file.read(into: buffer, at: 5) == 0)
}
