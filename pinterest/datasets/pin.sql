SELECT
  parse_bigint(index) AS ind,
  unique_id,
  CASE WHEN title IN ('No Title Data Available', 'Untitled') THEN NULL ELSE filled(title) END AS title,
  CASE WHEN description IN ('No description available Story format', 'No description available', 'Untitled') THEN NULL
       ELSE filled(description) END AS description,
  parse_count(follower_count) AS follower_count,
  CASE WHEN poster_name = 'User Info Error' THEN NULL ELSE filled(poster_name) END AS poster_name,
  CASE WHEN tag_list = 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e' THEN NULL ELSE filled(tag_list) END AS tag_list,
  filled(is_image_or_video) AS is_image_or_video,
  CASE WHEN image_src = 'Image src error.' THEN NULL ELSE filled(image_src) END AS image_src,
  filled(without_prefix(save_location, 'Local save in ')) AS save_location,
  filled(category) AS category
FROM raw
