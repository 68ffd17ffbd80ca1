import Operations
import Pipeline
import Raster

/// Adds a strip with a scale bar below the object's picture.
package struct VignetteScaleBarNode: VignetteNode {
    package static let kind = "vignette.scalebar"
    package static let title = "Scale bar"
    package static let help = "Adds a strip below the picture with a bar whose length is right to a pixel. Images without a pixel size get none."
    package static let parameters: [Parameter<Self>] = [
        .number(
            \.length, "lengthUm", label: "Length", unit: "µm", range: 0...1e12, help: "What the bar stands for. 0: the longest of 1, 2, 5, 10, 20, 50 … that fits the picture."),
        .integer(\.scale, "textSize", label: "Size of the text", range: 1...8, help: "Letters are 7 pixels high times this; 2 gives the strip of 31 pixels that ZooScan pictures have."),
        .color(\.color, "color", label: "Bar and text", help: "Colour of the bar and its label."),
        .color(\.background, "background", label: "Strip", help: "Colour of the strip, and beside pictures that are narrower than it."),
    ]
    package var length = 0.0
    package var scale = 2
    package var color = BGR<UInt8>(blue: 0, green: 0, red: 0)
    package var background = BGR<UInt8>(blue: 255, green: 255, red: 255)
    package init() {}

    /// Left and right of bar and label.
    private static let margin = 4
    /// Bars of very small pictures are longer than these: shorter ones tell nothing.
    private static let shortest = 20

    package var keepsSize: Bool { false }

    package func problem(image: String, pixelSize: Double?) -> String? {
        guard let pixelSize else { return "\(image) has no pixel size, so its vignettes have no scale bar; enter the pixel size, or leave the scale bar out." }
        if length == 0 || ScaleBar(micrometres: length, pixelSize: pixelSize) != nil { return nil }
        return "A scale bar of \(JSONValue.number(length)) µm cannot be drawn on vignettes of \(image), where a pixel is \(JSONValue.number(pixelSize)) µm; "
            + "choose another length, or 0 for one that fits."
    }

    /// The bar for a picture so wide; nil when none can be drawn.
    package func bar(width: Int, pixelSize: Double?) -> ScaleBar? {
        guard let pixelSize else { return nil }
        return length > 0
            ? ScaleBar(micrometres: length, pixelSize: pixelSize) : ScaleBar(fitting: max(Self.shortest, width - 2 * Self.margin), pixelSize: pixelSize)
    }

    package func draw(on picture: inout VignettePicture) {
        guard let bar = bar(width: picture.pixels.width, pixelSize: picture.pixelSize) else { return }
        let strip = bar.drawing(scale: scale, margin: Self.margin)
        let (old, top) = (picture.pixels, picture.pixels.height)
        let (width, height) = (max(old.width, strip.width), top + strip.height)
        // In the middle, as MorphoCut has it; the bar begins at the left.
        let left = (width - old.width) / 2
        let canvas = AnyImage.gray8(Image(width: width, height: height, repeating: 0)).painted(.full(Rect(x: 0, y: 0, width: width, height: height)), color: background)
        picture.pixels = canvas.laying(old, x: left, y: 0).painted(strip.bar.translated(x: 0, y: top), color: color).painted(strip.text.translated(x: 0, y: top), color: color)
        picture.mask = picture.mask.translated(x: left, y: 0)
        picture.content.x += left
    }
}
