const words =
  "slow river copper lantern garden paper window orange cedar harbour velvet thunder pocket mirror saffron".split(" ");

/** Pin-shaped values of about 560 bytes, a few of them with the usual dirt. The same number gives the same pin. */
export function pin(i: number): Record<string, unknown> {
  const word = (k: number) => words[(i * 7 + k * 13) % words.length] ?? "";
  const text = (n: number) => Array.from({ length: n }, (_, k) => word(k)).join(" ");
  const dirty = i % 50 === 0;
  return {
    index: i,
    unique_id: `00000000-0000-4000-8000-${i.toString(16).padStart(12, "0")}`,
    title: dirty ? "No Title Data Available" : text(7),
    description: dirty ? "No description available Story format" : text(16),
    poster_name: dirty ? "User Info Error" : text(2),
    follower_count: dirty ? "User Info Error" : ["842", "124k", "1M", "36k"][i % 4],
    tag_list: text(9).replaceAll(" ", ","),
    is_image_or_video: "image",
    image_src: dirty ? "Image src error." : `https://images.example/originals/${i.toString(16).padStart(32, "0")}.jpg`,
    downloaded: dirty ? 0 : 1,
    save_location: "Local save in /data/gardening",
    category: "gardening",
  };
}
