import Codecs
import Foundation
import Raster
import Testing

struct COCOFileTests {
    private static func file(_ text: String) throws(AnnotationFileError) -> COCOFile { try COCOFile(bytes: Array(text.utf8), file: "a.json") }

    private static let head = #"{"images":[{"id":7,"file_name":"frames/one.png","width":6,"height":5},{"id":8,"file_name":"two.png","width":6,"height":5}],"#
        + #""categories":[{"id":3,"name":"copepod","supercategory":"crustacea"},{"id":4,"name":"detritus"}],"annotations":["#

    @Test func `polygons, run lengths, their text and boxes are read, whatever the order of sections`() throws {
        let objects = #"{"id":1,"image_id":7,"category_id":3,"segmentation":[[1,1,4,1,4,3,1,3]],"iscrowd":0},"#
            + #"{"id":2,"image_id":7,"category_id":4,"segmentation":{"size":[5,6],"counts":[0,2,28]},"score":0.5},"#
            + #"{"id":3,"image_id":7,"category_id":4,"segmentation":{"size":[5,6],"counts":"02l0"}},{"id":4,"image_id":8,"category_id":9,"bbox":[1,2,2,2]}"#
        for text in [Self.head + objects + "]}", #"{"annotations":["# + objects + "]," + Self.head.dropFirst().dropLast(#","annotations":["#.count) + "}"] {
            let coco = try Self.file(text)
            #expect(coco.count == 4 && coco.names == ["frames/one.png", "two.png"])
            let one = try #require(try coco.objects(ofImage: "one.png", width: 6, height: 5))
            #expect(one.map(\.category) == ["copepod", "detritus", "detritus"] && one.map(\.supercategory) == ["crustacea", nil, nil])
            #expect(one.map(\.id) == ["1", "2", "3"] && one[1].score == 0.5)
            func runs(_ object: OutlinedObject) -> [Run] { if case .mask(let mask) = object.shape { mask.runs } else { [] } }
            #expect(runs(one[0]) == [Run(y: 1, first: 1, last: 3), Run(y: 2, first: 1, last: 3)])
            #expect(runs(one[1]) == [Run(y: 0, first: 0, last: 0), Run(y: 1, first: 0, last: 0)])
            #expect(runs(one[2]) == runs(one[1]))
            let two = try #require(try coco.objects(ofImage: "folder/two.tif", width: 6, height: 5))
            #expect(runs(two[0]) == [Run(y: 2, first: 1, last: 2), Run(y: 3, first: 1, last: 2)] && two[0].category == "category 9")
            #expect(try coco.objects(ofImage: "three.png", width: 6, height: 5) == nil)
        }
    }

    @Test func `an object of several polygons is all of them`() throws {
        let coco = try Self.file(Self.head + #"{"image_id":8,"segmentation":[[0,0,1,0,1,1,0,1],[3,3,5,3,5,4,3,4]]}]}"#)
        let objects = try #require(try coco.objects(ofImage: "two.png", width: 6, height: 5))
        guard case .mask(let mask) = objects[0].shape else { return #expect(Bool(false)) }
        #expect(mask.area == 3 && objects[0].category == nil)
    }

    @Test(arguments: [
        ("", "ends too early"), ("[]", "list without images"), ("{}", "no \"images\""), (#"{"images":[],"annotations":[]} x"#, "follows after"),
        (#"{"images":[{"id":1}],"annotations":[]}"#, "no \"file_name\""), (#"{"images":[],"annotations":[{"id":1}]}"#, "no \"image_id\""),
        (#"{"images":[{"id":1,"file_name":"a"},{"id":1,"file_name":"b"}],"annotations":[]}"#, "two images have the id 1"),
        (#"{"images":[{"id":NaN,"file_name":"a"}],"annotations":[]}"#, "NaN"), (#"{"images":[{"id":1e999,"file_name":"a"}],"annotations":[]}"#, "not a number"),
    ])
    func `what is no such file is refused with a sentence`(text: String, part: String) {
        #expect { try Self.file(text) } throws: { "\($0)".contains(part) && "\($0)".hasPrefix("a.json") }
    }

    @Test(arguments: [
        (#"{"image_id":7,"segmentation":[[1,1,4,1]]}"#, "4 numbers"), (#"{"image_id":7,"segmentation":[[1,1,4,1,4,1e300]]}"#, "no position"),
        (#"{"image_id":7,"segmentation":{"size":[5,6],"counts":[1,2]}}"#, "fewer than the 30 pixels"), (#"{"image_id":7,"segmentation":{"size":[5,6]}}"#, "no \"counts\""),
        (#"{"image_id":7,"segmentation":{"size":[50,60],"counts":[3000]}}"#, "60 × 50 pixels, but the image has 6 × 5"),
        (#"{"image_id":7,"category_id":1e300,"segmentation":{"size":[1e300,-6],"counts":[3000]}}"#, "-6 × 1e+300 pixels"),
        (#"{"image_id":7,"segmentation":{"size":[5,6],"counts":[1,1.5]}}"#, "no whole number"), (#"{"image_id":7,"segmentation":{"size":[5,6],"counts":"0~"}}"#, "damaged"),
        (#"{"image_id":7,"bbox":[1,1]}"#, "x, y, width and height"),
    ])
    func `an object that cannot be is named`(object: String, part: String) throws {
        let coco = try Self.file(Self.head + object + "]}")
        #expect { try coco.objects(ofImage: "one.png", width: 6, height: 5) } throws: { "\($0)".contains(part) && "\($0)".contains("object 1 of one.png") }
    }

    @Test func `another size than the image's is refused`() throws {
        let coco = try Self.file(Self.head + "]}")
        #expect { try coco.objects(ofImage: "one.png", width: 6, height: 6) } throws: { "\($0)".contains("6 × 5 pixels, but one.png has 6 × 6") }
    }

    @Test func `nesting a million deep ends with a sentence, a million vertices with an object`() throws {
        let deep = #"{"info":"# + String(repeating: "[", count: 1_000_000)
        #expect { try Self.file(deep) } throws: { "\($0)".contains("deep") }
        let spiral = (0..<1_000_000).map { "\(($0 % 60) / 10).5,\($0 % 50 / 10).25" }.joined(separator: ",")
        let coco = try Self.file(Self.head + #"{"image_id":7,"segmentation":[["# + spiral + "]]}]}")
        #expect(try coco.objects(ofImage: "one.png", width: 6, height: 5)?.count == 1)
    }

    @Test func `what is written comes back, by run lengths and by polygons`() throws {
        let ring = Mask(".####.", ".#..#.", ".####.", "......", "....#.")
        let box = Mask("......", "###...", "###...", "......", "......")
        for outline in COCOWriter.Outline.allCases {
            var bytes: [UInt8] = []
            let writer = try COCOWriter(
                description: "a \"b\"", version: "1", pictures: [.init(name: "ä/é.png", width: 6, height: 5)], categories: [.init(id: 1, name: "x\ny", supercategory: "top")]
            ) { bytes += $0 }
            try writer.add(ring, picture: 0, category: 1, outline: outline, rings: { [[Point(x: 0.5, y: -0.5), Point(x: 4.5, y: -0.5), Point(x: 4.5, y: 2.5), Point(x: 0.5, y: 2.5)]] })
            try writer.add(
                box, picture: 0, category: 1, outline: outline, rings: { [[Point(x: -0.5, y: 0.5), Point(x: 2.5, y: 0.5), Point(x: 2.5, y: 2.5), Point(x: -0.5, y: 2.5)]] }, score: 0.25,
                attributes: [("uid", .text("q")), ("none", nil), ("area_um2", .number(1.5))])
            try writer.finish()
            let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
            let annotations = try #require(json["annotations"] as? [[String: Any]])
            #expect(annotations[1]["bbox"] as? [Int] == [0, 1, 3, 2] && annotations[1]["area"] as? Int == 6 && annotations[1]["score"] as? Double == 0.25)
            // A polygon knows no hole, so the ring stays run lengths; the box is one where polygons are wanted.
            #expect(annotations[0]["segmentation"] is [String: Any])
            #expect((annotations[1]["segmentation"] as? [[Int]]) == (outline == .polygon ? [[0, 1, 3, 1, 3, 3, 0, 3]] : nil))
            let objects = try #require(try COCOFile(bytes: bytes, file: "b").objects(ofImage: "ä/é.png", width: 6, height: 5))
            #expect(objects.map(\.shape) == [.mask(ring), .mask(box)] && objects.map(\.category) == ["x\ny", "x\ny"])
        }
    }
}
