import Codecs
import Testing

@Test(arguments: [
    ("a.JPG", true), ("folder.x/frame.tiff", true), ("slide.svs", true), ("notes.txt", false), ("jpg", false), (".hidden.png", false),
    ("frames/.hidden.png", false), ("a.png.part", false), ("", false),
])
func `files named as images are told from others`(path: String, isImage: Bool) {
    #expect(ImageFile.isNamedAsImage(path) == isImage)
}
