import Testing

@testable import CapsuleStore

@Suite struct AccountFilesTests {
    private func files() -> AccountFiles {
        AccountFiles(
            passwd: "root:x:0:0:root:/root:/bin/sh\nodd line\nbin:x:1000:5::/:/x\n", group: "root:x:0:\nfive:x:5:a\n",
            shadow: "root:*:1::::::\n", gshadow: "root:*::\n")
    }

    @Test func numbersAreChosenAlikeAndOddLinesStay() throws {
        var files = files()
        try files.add(CapsuleDescription.User(name: "new", groups: ["five"]))
        try files.add(CapsuleDescription.Group(name: "other"))
        #expect(
            AccountFiles.text(files.passwd)
                == "root:x:0:0:root:/root:/bin/sh\nodd line\nbin:x:1000:5::/:/x\nnew:x:1001:1001::/home/new:/bin/sh\n")
        #expect(AccountFiles.text(files.group) == "root:x:0:\nfive:x:5:a,new\nnew:x:1001:\nother:x:1002:\n")
        #expect(AccountFiles.text(files.gshadow) == "root:*::\nnew:!::\nother:!::\n")
    }

    @Test func addingTwiceIsAddingOnce() throws {
        var files = files()
        let user = CapsuleDescription.User(name: "new", id: 7, groups: ["five"], passwordHash: "$6$a$b")
        try files.add(user)
        let once = files
        try files.add(user)
        #expect(files == once)
    }
}
