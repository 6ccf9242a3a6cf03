/* What cppcheck must know of Jansson's loops, which it reads without Jansson's header. */
#define json_array_foreach(a, i, v)                                                      \
    for ((i) = 0; (i) < json_array_size(a) && ((v) = json_array_get(a, i)); (i)++)
#define json_object_foreach(o, k, v)                                                     \
    for ((k) = json_object_iter_key(json_object_iter(o));                                \
         (k) && ((v) = json_object_get(o, k));                                           \
         (k) =                                                                           \
             json_object_iter_key(json_object_iter_next(o, json_object_iter_at(o, k))))
