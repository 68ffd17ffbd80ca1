import Nodes
import Operations
import Pipeline
import Raster
import Testing

/// Length of the longest dark line in the strip that was added.
private func bar(_ picture: AnyImage, below top: Int) throws -> Int {
    guard case .gray8(let image) = picture else { throw RunCancelled() }
    var longest = 0
    for y in top..<image.height {
        var length = 0
        for x in 0..<image.width {
            length = image[x, y] == 0 ? length + 1 : 0
            longest = max(longest, length)
        }
    }
    return longest
}

@Test(arguments: [0.37, 1, 5.3, 10.6, 21.17])
func `the bar's length is right to a pixel, fitted or given`(pixelSize: Double) throws {
    let wide = Image<UInt8>(width: 400, height: 50, repeating: 200)
    let mask = Mask(bounds: wide.bounds, sortedRuns: [Run(y: 20, first: 100, last: 250)])
    for (length, expected) in [(0.0, nil), (300 * pixelSize, 300)] as [(Double, Int?)] {
        let picture = try DrawnVignette.picture(
            [(VignetteScaleBarNode.self, ["lengthUm": .number(length)])], mask: mask, padding: 10, pixelSize: pixelSize, image: AnyImage.gray8(wide))
        #expect(picture.height == 21 + 31)
        let drawn = try bar(picture, below: 21)
        if let expected {
            // Longer than the picture: the strip makes it wider.
            #expect(drawn == expected && picture.width == 308)
        } else {
            let fitted = try #require(ScaleBar(fitting: 171 - 8, pixelSize: pixelSize))
            #expect(abs(Double(drawn) - fitted.micrometres / pixelSize) <= 0.5 && picture.width == 171)
        }
    }
}

@Test func `without a pixel size there is no bar but a sentence`() throws {
    #expect(try DrawnVignette.picture([(VignetteScaleBarNode.self, [:])], pixelSize: nil) == .gray8(DrawnVignette.frame.cropped(to: Rect(x: 6, y: 3, width: 7, height: 7))))
    let node = VignetteScaleBarNode()
    #expect(node.problem(image: "a.png", pixelSize: nil) == "a.png has no pixel size, so its vignettes have no scale bar; enter the pixel size, or leave the scale bar out.")
    #expect(node.problem(image: "a.png", pixelSize: 3) == nil)
    var tiny = VignetteScaleBarNode()
    tiny.length = 1
    #expect(tiny.problem(image: "a.png", pixelSize: 10)?.contains("cannot be drawn") == true)
    #expect(try DrawnVignette.picture([(VignetteScaleBarNode.self, ["lengthUm": 1])]).height == 7)
}

@Test func `colours and size of the strip follow the parameters`() throws {
    guard case .color8(let picture) = try DrawnVignette.picture([(VignetteScaleBarNode.self, ["color": "FF0000", "background": "000000", "textSize": 1])]) else { return #expect(Bool(false)) }
    #expect(picture.height == 7 + 16 && picture[0, picture.height - 1] == BGR(blue: 0, green: 0, red: 0))
    // 200 µm of 10 µm a pixel.
    #expect(picture.withBuffer { $0.filter { $0 == BGR(blue: 0, green: 0, red: 255) }.count } == 20 + PixelFont.mask(of: "200 µm").area)
}
