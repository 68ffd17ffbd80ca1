import Nodes
import Testing

struct OutlineNamesTests {
    @Test(arguments: [
        ("a.png", "a_mask.png"), ("x/a.jpg", "x/a_labels.tif"), ("x/images/a.tif", "x/masks/a.png"), ("images/a.tif", "masks/a.png"), ("a.png", "a.geojson"),
        ("a.png", "a.png.geojson"), ("a.b.png", "a.b_masks.tiff"), ("plateImage2D.tif", "plateLabel2D.tif"), ("x/IMAGE_3.png", "x/MASK_3.png"), ("img01.png", "mask01.png"),
        ("a.png", "a_cp_masks.png"), ("a.png", "masks/a.tif"),
    ])
    func `usual names are found`(image: String, mask: String) {
        #expect(OutlineNames().candidates(for: image).contains(mask))
    }

    @Test func `an image is no mask of itself, nor of others`() {
        for image in ["a.png", "masks/a.png", "labels/x.tif"] {
            let names = OutlineNames().candidates(for: image)
            #expect(!names.contains(image) && !names.contains("b.png") && !names.contains("a_2.png"))
        }
    }

    @Test func `names that a person gives count alone, in their order, relative to the image's folder`() {
        let names = OutlineNames("{stem}_seg.png | ../truth/{name}.tif|all.json")
        #expect(names.candidates(for: "run/a/b.jpg") == ["run/a/b_seg.png", "run/truth/b.jpg.tif", "run/a/all.json", "all.json"])
        #expect(names.candidates(for: "b.jpg") == ["b_seg.png", "all.json"])
    }

    @Test func `a series goes on as long as its files are there`() {
        let there: Set<String> = ["a_labels.tif", "a_labels_2.tif", "a_labels_3.tif", "a_labels_5.tif"]
        #expect(OutlineNames.series("a_labels.tif") { there.contains($0) } == ["a_labels.tif", "a_labels_2.tif", "a_labels_3.tif"])
        #expect(OutlineNames.series("b.tif") { there.contains($0) }.isEmpty)
    }
}
